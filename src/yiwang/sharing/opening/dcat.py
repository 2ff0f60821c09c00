"""What is open as DCAT-AP 3.0 (Turtle, JSON-LD), and as schema.org for search engines: pure.

Frequencies, media types and languages are those of the European authority tables that DCAT-AP
names, so that portals which harvest it understand them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, XSD

from yiwang.kernel import clock
from yiwang.sharing.files.model import Version
from yiwang.sharing.opening import ckan, formats, model
from yiwang.sharing.opening.formats import Format
from yiwang.sharing.opening.model import Public

_EU = "http://publications.europa.eu/resource/authority/"
_AP = Namespace("http://data.europa.eu/r5r/")
_SPDX = Namespace("http://spdx.org/rdf/terms#")
_FREQUENCY = {
    "realtime": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "half_yearly": "ANNUAL_2",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
}
_IANA = "https://www.iana.org/assignments/media-types/"
MEDIA = {"ttl": "text/turtle", "jsonld": "application/ld+json"}


_PREFIXES = (
    ("dcat", DCAT),
    ("dct", DCTERMS),
    ("foaf", FOAF),
    ("dcatap", _AP),
    ("spdx", _SPDX),
)


@dataclass(frozen=True)
class Catalogue:
    """The portal: its title by language, its address, and names of organisations by number."""

    title: Mapping[str, str]
    base: str
    organisations: Mapping[int, str]


def graph(catalogue: Catalogue, every: Sequence[Public]) -> Graph:
    """The catalogue with its datasets, their distributions and publishers."""
    made = Graph()
    for prefix, space in _PREFIXES:
        made.bind(prefix, space)
    top = URIRef(f"{catalogue.base}/open")
    made.add((top, RDF.type, DCAT.Catalog))
    for lang, title in catalogue.title.items():
        made.add((top, DCTERMS.title, Literal(title, lang=lang)))
        made.add((top, DCTERMS.description, Literal(title, lang=lang)))
    owner = URIRef(f"{catalogue.base}/open#publisher")
    _agent(made, owner, catalogue.title.get("zh-CN", ""))
    made.add((top, DCTERMS.publisher, owner))
    made.add((top, FOAF.homepage, URIRef(f"{catalogue.base}/open")))
    made.add((URIRef(f"{catalogue.base}/open"), RDF.type, FOAF.Document))
    service = _service(made, catalogue)
    for one in every:
        made.add((top, DCAT.dataset, _dataset(made, catalogue, one, service)))
    made.add((top, DCAT.service, service))
    if every:
        newest = max(one.opening.released_at for one in every)
        made.add((top, DCTERMS.modified, _date(newest)))
    return made


def _service(made: Graph, catalogue: Catalogue) -> URIRef:
    service = URIRef(f"{catalogue.base}/api/3/action/datastore_search")
    made.add((service, RDF.type, DCAT.DataService))
    made.add((service, DCTERMS.title, Literal("datastore_search", lang="en")))
    made.add((service, DCAT.endpointURL, service))
    made.add((service, RDF.type, DCAT.DataService))
    return service


def _dataset(made: Graph, catalogue: Catalogue, one: Public, service: URIRef) -> URIRef:
    resource, base = one.resource, catalogue.base
    dataset = URIRef(f"{base}/open/{one.name}")
    page = URIRef(f"{base}/open/{one.name}#page")
    made.add((dataset, RDF.type, DCAT.Dataset))
    made.add((dataset, DCTERMS.title, Literal(resource.name, lang="zh-CN")))
    made.add((dataset, DCTERMS.description, Literal(resource.summary, lang="zh-CN")))
    made.add((dataset, DCTERMS.identifier, Literal(resource.code)))
    made.add((dataset, DCTERMS.issued, _date(one.opening.released_at)))
    made.add((dataset, DCTERMS.modified, _date(resource.changed_at)))
    frequency = URIRef(f"{_EU}frequency/{_FREQUENCY[resource.update_cycle]}")
    made.add((dataset, DCTERMS.accrualPeriodicity, frequency))
    made.add((frequency, RDF.type, DCTERMS.Frequency))
    for word in resource.keywords:
        made.add((dataset, DCAT.keyword, Literal(word, lang="zh-CN")))
    publisher = URIRef(f"{base}/open#organisation-{resource.organisation}")
    _agent(made, publisher, catalogue.organisations.get(resource.organisation, ""))
    made.add((dataset, DCTERMS.publisher, publisher))
    made.add((dataset, DCAT.landingPage, page))
    made.add((page, RDF.type, FOAF.Document))
    for form in one.forms:
        made.add((dataset, DCAT.distribution, _form(made, base, one, form, service)))
    for file in one.files:
        made.add((dataset, DCAT.distribution, _file(made, base, one, file)))
    if one.forms:
        made.add((service, DCAT.servesDataset, dataset))
    return dataset


def _form(made: Graph, base: str, one: Public, form: str, service: URIRef) -> URIRef:
    distribution = URIRef(f"{base}/open/{one.name}#{form}")
    address = URIRef(f"{base}/api/open/{one.name}/download.{form}")
    _distribution(made, one, distribution, address, formats.of(f".{form}"))
    made.add((distribution, DCTERMS.title, Literal(form.upper())))
    if form == "csv":
        made.add((distribution, DCAT.accessService, service))
    return distribution


def _file(made: Graph, base: str, one: Public, file: Version) -> URIRef:
    distribution = URIRef(f"{base}/open/{one.name}#{ckan.FILE}{file.id}")
    address = URIRef(one.address(base, file))
    _distribution(made, one, distribution, address, formats.of(file.name))
    made.add((distribution, DCTERMS.title, Literal(file.name)))
    size = Literal(file.size, datatype=XSD.nonNegativeInteger)
    made.add((distribution, DCAT.byteSize, size))
    made.add((distribution, DCTERMS.issued, _date(file.at)))
    checksum = URIRef(f"{distribution}-sha256")
    made.add((distribution, _SPDX.checksum, checksum))
    made.add((checksum, RDF.type, _SPDX.Checksum))
    made.add((checksum, _SPDX.algorithm, _SPDX.checksumAlgorithm_sha256))
    made.add((_SPDX.checksumAlgorithm_sha256, RDF.type, _SPDX.ChecksumAlgorithm))
    value = Literal(file.content, datatype=XSD.hexBinary)
    made.add((checksum, _SPDX.checksumValue, value))
    return distribution


def _distribution(
    made: Graph, one: Public, distribution: URIRef, address: URIRef, format: Format
) -> None:
    made.add((distribution, RDF.type, DCAT.Distribution))
    made.add((distribution, DCAT.accessURL, address))
    made.add((distribution, DCAT.downloadURL, address))
    kind = URIRef(f"{_EU}file-type/{format.authority}")
    made.add((distribution, DCTERMS["format"], kind))
    made.add((kind, RDF.type, DCTERMS.MediaTypeOrExtent))
    media = URIRef(_IANA + format.media)
    made.add((distribution, DCAT.mediaType, media))
    made.add((media, RDF.type, DCTERMS.MediaType))
    licence = URIRef(model.LICENCES[one.opening.licence][1])
    made.add((distribution, DCTERMS.license, licence))
    made.add((licence, RDF.type, DCTERMS.LicenseDocument))


def _agent(made: Graph, agent: URIRef, name: str) -> None:
    made.add((agent, RDF.type, FOAF.Agent))
    made.add((agent, FOAF.name, Literal(name, lang="zh-CN")))


def _date(at: int) -> Literal:
    return Literal(clock.render(at), datatype=XSD.dateTime)


def schema_org(base: str, one: Public, organisation: str) -> dict[str, Any]:
    """A dataset for search engines (schema.org/Dataset)."""
    resource = one.resource
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"{base}/open/{one.name}",
        "url": f"{base}/open/{one.name}",
        "name": resource.name,
        "description": resource.summary,
        "identifier": resource.code,
        "keywords": list(resource.keywords),
        "license": model.LICENCES[one.opening.licence][1],
        "isAccessibleForFree": True,
        "dateModified": clock.render(resource.changed_at),
        "datePublished": clock.render(one.opening.released_at),
        "creator": {"@type": "Organization", "name": organisation},
        "variableMeasured": [item.name for item in one.items],
        "distribution": [
            *(
                {
                    "@type": "DataDownload",
                    "encodingFormat": formats.of(f".{form}").media,
                    "contentUrl": f"{base}/api/open/{one.name}/download.{form}",
                }
                for form in one.forms
            ),
            *(
                {
                    "@type": "DataDownload",
                    "name": file.name,
                    "encodingFormat": formats.of(file.name).media,
                    "contentUrl": one.address(base, file),
                    "contentSize": f"{file.size} B",
                    "sha256": file.content,
                    "uploadDate": clock.render(file.at),
                }
                for file in one.files
            ),
        ],
    }
