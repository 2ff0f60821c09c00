"""Opening (开放): what is released to everybody, its portal, CKAN's interface and DCAT-AP."""
