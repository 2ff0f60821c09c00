"""The file mode (文件) of sharing: uploads, versions, downloads under a grant, extracts."""
