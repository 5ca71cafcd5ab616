"""Invented dumps in each form of XML, and how tests read them."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from transforms.readers import recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head

Row = dict[str, Any]

INFO = DumpInfo("dump.xml", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))

ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
  <id>https://arxiv.org/api/abc</id>
  <title>arXiv Query: engines</title>
  <entry>
    <id>http://arxiv.org/abs/2503.01234v2</id>
    <title>On  Engines
  and &lt;their&gt; ends</title>
    <updated>2025-03-19T17:59:49Z</updated>
    <published>2025-03-03T10:00:00Z</published>
    <summary>  Engines are discussed. </summary>
    <author><name>Ada Lovelace</name><arxiv:affiliation>Analytical Society</arxiv:affiliation></author>
    <author><name>Mary Shelley</name></author>
    <arxiv:comment>5 pages</arxiv:comment>
    <arxiv:doi>10.1000/engines</arxiv:doi>
    <arxiv:journal_ref>J. Engines 3 (2025) 1-9</arxiv:journal_ref>
    <link href="https://arxiv.org/abs/2503.01234v2" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/2503.01234v2" rel="related" title="pdf"/>
    <arxiv:primary_category term="cs.GL"/>
  </entry>
  <entry>
    <id>http://arxiv.org/abs/hep-th/9901001v1</id>
    <title>Strings</title>
    <summary>Of strings.</summary>
    <author><name>A. Bee</name></author>
  </entry>
</feed>
"""

OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<responseDate>2025-03-20T00:00:00Z</responseDate>
<request verb="ListRecords" metadataPrefix="arXiv">http://export.arxiv.org/oai2</request>
<ListRecords>
<record>
<header><identifier>oai:arXiv.org:0704.0001</identifier><datestamp>2008-11-26</datestamp><setSpec>physics:hep-ph</setSpec></header>
<metadata>
 <arXiv xmlns="http://arxiv.org/OAI/arXiv/" xsi:schemaLocation="http://arxiv.org/OAI/arXiv/ arXiv.xsd">
 <id>0704.0001</id><created>2007-04-02</created><updated>2007-07-24</updated>
 <authors>
  <author><keyname>Bee</keyname><forenames>A. B.</forenames><suffix>Jr</suffix></author>
  <author><keyname>Dee</keyname><forenames>C.</forenames><affiliation>Here</affiliation></author>
 </authors>
 <title>Prompt things</title><categories>hep-ph</categories><comments>37 pages</comments>
 <journal-ref>Phys.Rev.D76:013009,2007</journal-ref><doi>10.1103/PhysRevD.76.013009</doi>
 <abstract>  A calculation. </abstract></arXiv>
</metadata>
</record>
<record>
<header status="deleted"><identifier>oai:arXiv.org:0704.0002</identifier><datestamp>2008-11-26</datestamp></header>
</record>
<record>
<header><identifier>oai:arXiv.org:0704.0003</identifier><datestamp>2008-11-26</datestamp></header>
<metadata>
 <arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
 <id>0704.0003</id><submitter>C. Dee</submitter>
 <version version="v1"><date>Mon, 2 Apr 2007 19:18:42 GMT</date><size>9kb</size></version>
 <version version="v2"><date>Tue, 24 Jul 2007 20:10:27 GMT</date><size>9kb</size></version>
 <title>Raw things</title><authors>A. Bee and C. Dee</authors><abstract>Raw.</abstract></arXivRaw>
</metadata>
</record>
<record>
<header><identifier>oai:example.org:42</identifier><datestamp>2020-01-01</datestamp></header>
<metadata>
 <oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
 <dc:title>Core things</dc:title><dc:creator>Dee, C.</dc:creator><dc:creator>Bee, A.</dc:creator>
 <dc:description>The abstract.</dc:description><dc:description>Comment: short</dc:description>
 <dc:date>2007-04-02</dc:date><dc:identifier>doi:10.1000/core</dc:identifier>
 <dc:identifier>https://example.org/42</dc:identifier></oai_dc:dc>
</metadata>
</record>
<resumptionToken cursor="0" completeListSize="9999">abc|1001</resumptionToken>
</ListRecords>
</OAI-PMH>
"""

PUBMED = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">101</PMID>
<Article PubModel="Print"><Journal><ISSN IssnType="Print">0000-0001</ISSN>
<JournalIssue CitedMedium="Print"><Volume>7</Volume><Issue>2</Issue><PubDate><MedlineDate>2005 Nov-Dec</MedlineDate></PubDate></JournalIssue>
<Title>Journal of engines</Title></Journal>
<ArticleTitle>[Of H<sub>2</sub>O and <i>E. coli</i>].</ArticleTitle>
<Pagination><StartPage>10</StartPage><EndPage>19</EndPage><MedlinePgn>10-9</MedlinePgn></Pagination>
<ELocationID EIdType="pii" ValidYN="Y">S1</ELocationID><ELocationID EIdType="doi" ValidYN="Y">10.1000/water</ELocationID>
<Abstract><AbstractText Label="AIM" NlmCategory="OBJECTIVE">To see p &lt; 0.05.</AbstractText>
<AbstractText Label="METHODS" NlmCategory="METHODS">We <b>looked</b>.</AbstractText><CopyrightInformation>(c) us</CopyrightInformation></Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Bee</LastName><ForeName>Ann</ForeName><Initials>A</Initials><Suffix>Jr</Suffix></Author>
<Author ValidYN="N"><LastName>Beee</LastName><Initials>A</Initials></Author>
<Author ValidYN="Y"><CollectiveName>The Water Group</CollectiveName></Author></AuthorList>
<Language>fre</Language><VernacularTitle>De l'eau</VernacularTitle>
<ArticleDate DateType="Electronic"><Year>2005</Year><Month>10</Month><Day>03</Day></ArticleDate></Article>
<MeshHeadingList><MeshHeading><DescriptorName UI="D1">Water</DescriptorName></MeshHeading></MeshHeadingList></MedlineCitation>
<PubmedData><PublicationStatus>ppublish</PublicationStatus>
<ArticleIdList><ArticleId IdType="pubmed">101</ArticleId><ArticleId IdType="pmc">PMC5</ArticleId></ArticleIdList>
<ReferenceList><Reference><Citation>Other</Citation><ArticleIdList><ArticleId IdType="doi">10.1000/other</ArticleId></ArticleIdList></Reference></ReferenceList>
</PubmedData></PubmedArticle>
<PubmedBookArticle><BookDocument><PMID Version="1">102</PMID><ArticleIdList><ArticleId IdType="doi">10.1000/book</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>House</PublisherName></Publisher><BookTitle book="b">Whole Book</BookTitle><PubDate><Year>1999</Year></PubDate>
<AuthorList Type="editors"><Author><LastName>Ed</LastName><Initials>E</Initials></Author></AuthorList></Book>
<ArticleTitle book="b" part="c">One Chapter</ArticleTitle>
<Abstract><AbstractText>Plain words.</AbstractText></Abstract></BookDocument></PubmedBookArticle>
<DeleteCitation><PMID Version="1">103</PMID>
<PMID Version="1">104</PMID></DeleteCitation>
</PubmedArticleSet>
"""

ACL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="P18">
  <volume id="1" ingest-date="2018-07-01">
    <meta><booktitle>Proceedings of <fixed-case>E</fixed-case>ngines</booktitle>
      <editor><first>Ed</first><last>Itor</last></editor><year>2018</year></meta>
    <frontmatter><url hash="x">P18-1000</url><bibkey>engines-2018</bibkey></frontmatter>
    <paper id="1">
      <title>A <fixed-case>T</fixed-case>itle of 360<tex-math>^{\\circ}</tex-math></title>
      <author id="ann-bee"><first>Ann</first><last>Bee</last></author>
      <author><last>Plato</last></author>
      <abstract>We <i>show</i> <tex-math>x_1</tex-math>.</abstract>
      <pages>1-9</pages><url hash="y">P18-1001</url><doi>10.18653/v1/P18-1001</doi>
    </paper>
    <paper id="2"><title>Second</title><author><first>C</first><last>Dee</last></author></paper>
  </volume>
  <volume id="2">
    <meta><booktitle>Empty Volume</booktitle><year>2018</year></meta>
    <frontmatter><url>P18-2000</url></frontmatter>
  </volume>
  <event id="acl-2018"><meta><title>The Event</title></meta></event>
</collection>
"""

DBLP = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE dblp SYSTEM "dblp.dtd">
<dblp>
<article mdate="2020-01-02" key="journals/eng/Muller99" publtype="informal">
<author orcid="0000-0001">J&uuml;rgen M&uuml;ller 0002</author><author>C. Dee</author>
<title>On H<sub>2</sub>O &amp; <i>N&lt;P</i>.</title>
<pages>1-22</pages><year>1999</year><volume>12</volume><journal>J. Eng.</journal><number>3</number>
<ee type="oa">https://doi.org/10.1000/eng</ee><ee>https://example.org/eng</ee><url>db/journals/eng/eng12.html</url>
</article><inproceedings mdate="2021-01-02" key="conf/eng/Dee01">
<author>C. Dee</author><title>Short.</title><booktitle>ENG</booktitle><year>2001</year><crossref>conf/eng/2001</crossref></inproceedings>
<proceedings key="conf/eng/2001"><editor>Ed Itor</editor><title>Proceedings.</title><year>2001</year></proceedings>
<phdthesis key="phd/Bee"><author>A. Bee</author><title>Thesis.</title><school>Here</school><year>2003</year></phdthesis>
<www mdate="2022-01-01" key="homepages/m/JMuller"><author>J&uuml;rgen M&uuml;ller 0002</author><title>Home Page</title></www>
<www key="www/org/example"><title>A real page.</title></www>
</dblp>
"""

ENDNOTE = """<?xml version="1.0" encoding="UTF-8"?><xml><records><record><database name="a.enl">a.enl</database>\
<rec-number>7</rec-number><ref-type name="Journal Article">17</ref-type>\
<contributors><authors><author><style face="normal" font="default" size="100%">Bee, Ann</style></author><author>Dee, C.</author></authors>\
<secondary-authors><author>Itor, E.</author></secondary-authors></contributors>\
<titles><title><style face="normal">Of H</style><style face="subscript">2</style><style face="normal">O and </style>\
<style face="italic">E. coli</style></title><secondary-title>J. Eng.</secondary-title></titles>\
<periodical><full-title>J. Eng.</full-title><abbr-1>JE</abbr-1></periodical><pages>1-9</pages><volume>3</volume><number>2</number>\
<dates><year>2001</year><pub-dates><date>2001 May 3</date></pub-dates></dates>\
<accession-num>101</accession-num><remote-database-name>PubMed</remote-database-name>\
<electronic-resource-num>10.1000/e</electronic-resource-num>\
<urls><related-urls><url>https://example.org/e</url></related-urls></urls><abstract>Words.</abstract></record>
<record><titles><title>Second &amp; last</title></titles><accession-num>WOS:1</accession-num><issue>4</issue></record></records></xml>
"""

FRAMES = {
    "arxiv_atom": (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"><title>arXiv</title>',
        (
            "<entry><id>http://arxiv.org/abs/2503.0123{n}v1</id><title>{title}</title>"
            "<arxiv:comment>{n} p.</arxiv:comment></entry>"
        ),
        "</feed>",
    ),
    "oai_pmh": (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>',
        (
            "<record><header><identifier>oai:arXiv.org:0704.000{n}</identifier></header><metadata>"
            '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>0704.000{n}</id><title>{title}</title></arXiv></metadata></record>'
        ),
        "</ListRecords></OAI-PMH>",
    ),
    "pubmed_xml": (
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "https://example.org/a.dtd">\n<PubmedArticleSet>',
        (
            "<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article><ArticleTitle>{title}</ArticleTitle></Article>"
            "</MedlineCitation></PubmedArticle>"
        ),
        "</PubmedArticleSet>",
    ),
    "acl_anthology": (
        '<collection id="P18"><volume id="1"><meta><booktitle>All Boats</booktitle><year>2018</year></meta>',
        '<paper id="{n}"><title>{title}</title></paper>',
        "</volume></collection>",
    ),
    "dblp_xml": (
        '<!DOCTYPE dblp SYSTEM "dblp.dtd">\n<dblp>',
        '<article key="a/{n}"><author>J&uuml;rgen</author><title>{title}</title></article>',
        "</dblp>",
    ),
    "endnote_xml": (
        "<xml><records>",
        "<record><rec-number>{n}</rec-number><titles><title>{title}</title></titles></record>",
        "</records></xml>",
    ),
}
"""For each form what stands before the entries, an entry with room for a number and a title, and what stands behind."""

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def dump(form: str, entries: list[str]) -> str:
    """Write a dump of a form, an entry per line from line 3 on."""
    before, _, after = FRAMES[form]
    return "\n".join([DECLARATION + before.replace("\n", " "), *entries, after])


def entry(form: str, number: int, title: str) -> str:
    """Write an entry of a form; the title is XML already."""
    return FRAMES[form][1].format(n=number, title=title)


def xml_examples() -> dict[str, bytes]:
    """Return a dump of three plain entries in each form."""
    titles = ("First Boat", "Second Boat", "Third Boat")
    return {
        form: dump(form, [entry(form, number, title) for number, title in enumerate(titles, start=1)]).encode()
        for form in FRAMES
    }


SAMPLES = {
    "arxiv_atom": ATOM,
    "oai_pmh": OAI,
    "pubmed_xml": PUBMED,
    "acl_anthology": ACL,
    "dblp_xml": DBLP,
    "endnote_xml": ENDNOTE,
}


def read_xml(data: str | bytes) -> tuple[list[Row], list[Row]]:
    """Read a dump with the reader that recognises it: its records and its rejects."""
    raw = data.encode() if isinstance(data, str) else data
    reader = recognise(Head(INFO.name, raw[:HEAD_BYTES]))
    batches = list(reader.read(io.BytesIO(raw), INFO))
    return (
        [row for batch in batches for row in batch.records.iter_rows(named=True)],
        [row for batch in batches for row in batch.rejects.iter_rows(named=True)],
    )


def given(row: Row) -> Row:
    """Return what a record says, without its place and its raw text."""
    return {name: value for name, value in row.items() if value is not None and name not in {"line", "raw", "position"}}
