/** Where a job reads from, and where it writes to. */

import { Form, Input, Radio, Select } from "antd";
import { type Key, useLanguage } from "../../i18n";
import { useChosen, useMust } from "../editors/EditorDrawer";
import { DatasetSelect, SourceSelect, TableSelect } from "../editors/selects";

function Kinds({ name, kinds }: { name: "from_kind" | "to_kind"; kinds: string[] }) {
  const { t } = useLanguage();
  return (
    <Form.Item name={name} label={t(`job.${name}`)}>
      <Radio.Group
        options={kinds.map((one) => ({ value: one, label: t(`job.${name}.${one}` as Key) }))}
      />
    </Form.Item>
  );
}

function SourceTable({ end }: { end: "from" | "to" }) {
  const { t } = useLanguage();
  const chosen = useChosen();
  const form = Form.useFormInstance();
  const source = Form.useWatch(`${end}_source`);
  return (
    <>
      <Form.Item name={`${end}_source`} label={t("job.source")} rules={chosen}>
        <SourceSelect />
      </Form.Item>
      <Form.Item name={`${end}_table`} label={t("job.table")} rules={chosen}>
        <TableSelect
          source={source}
          onChange={(value) => form.setFieldValue(`${end}_table`, value)}
        />
      </Form.Item>
    </>
  );
}

export function FromFields() {
  const { t } = useLanguage();
  const chosen = useChosen();
  const kind = Form.useWatch("from_kind");
  return (
    <>
      <Kinds name="from_kind" kinds={["table", "dataset", "node"]} />
      {kind === "table" && <SourceTable end="from" />}
      {kind === "dataset" && (
        <Form.Item name="from_dataset" label={t("job.dataset")} rules={chosen}>
          <DatasetSelect />
        </Form.Item>
      )}
      {kind === "node" && <p className="quiet">{t("job.node_hint")}</p>}
    </>
  );
}

export function ToFields({ columns }: { columns: string[] }) {
  const { t } = useLanguage();
  const chosen = useChosen();
  const must = useMust();
  const kind = Form.useWatch("to_kind");
  return (
    <>
      <Kinds name="to_kind" kinds={["table", "dataset", "new"]} />
      {kind === "table" && <SourceTable end="to" />}
      {kind === "dataset" && (
        <Form.Item name="to_dataset" label={t("job.dataset")} rules={chosen}>
          <DatasetSelect />
        </Form.Item>
      )}
      {kind === "new" && (
        <>
          <Form.Item name="to_dataset" label={t("job.dataset_name")} rules={must} extra={t("job.dataset_hint")}>
            <Input maxLength={48} />
          </Form.Item>
          <Form.Item name="to_key" label={t("job.key")} rules={chosen} extra={t("job.key_hint")}>
            <Select mode="tags" options={columns.map((value) => ({ value, label: value }))} />
          </Form.Item>
        </>
      )}
    </>
  );
}
