"""What a document says of itself: that it is PDF/A-3a and PDF/UA-1 at once."""

from __future__ import annotations

from typing import Any

from weasyprint.pdf.metadata import DocumentMetadata

PDF_UA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">\
<pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>\
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>PDF/UA version identifier</pdfaProperty:description></rdf:li></rdf:Seq>\
</pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
"""What PDF/A wants to be told before it lets a document also call itself PDF/UA-1 (ISO 14289-1; ISO 19005-3)."""


class ArchivalMetadata(DocumentMetadata):  # type: ignore[misc]
    """Metadata that claims PDF/UA-1 beside PDF/A-3a. Leans on WeasyPrint's own method: the version is pinned."""

    def generate_rdf_metadata(self, *values: Any) -> bytes:
        xml: bytes = super().generate_rdf_metadata(*values)
        return xml.replace(b"</rdf:RDF>", PDF_UA + b"</rdf:RDF>")
