"""Search of the catalogue: Chinese, pinyin and initials, with facets, forgiving of typos."""
