/** Uploaded files that everybody downloads. */

import { Table } from "antd";
import { useLanguage } from "../../i18n";
import { When } from "../../parts/time";
import { bytes } from "../files/bytes";
import { Sum } from "../files/FileVersions";
import type { OpenFile } from "./types";

export function OpenFiles({ files }: { files: OpenFile[] }) {
  const { t } = useLanguage();
  return (
    <Table<OpenFile>
      rowKey="id"
      size="small"
      data-testid="open-files"
      pagination={files.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
      dataSource={files}
      scroll={{ x: "max-content" }}
      columns={[
        {
          title: t("files.name"),
          render: (_, one) => (
            <a href={one.url} download>
              {one.name}
            </a>
          ),
        },
        { title: t("files.format"), dataIndex: "format" },
        { title: t("files.size"), render: (_, one) => bytes(one.size) },
        { title: t("open.file_at"), render: (_, one) => <When at={one.at} /> },
        { title: "SHA-256", render: (_, one) => <Sum of={one.sha256} /> },
      ]}
    />
  );
}
