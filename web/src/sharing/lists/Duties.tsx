/** The responsibility list: who gives which data on which basis, by which resource. */

import { App, Button, Form, Input, Popconfirm } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { Problem, post, remove, withQuery } from "../../data/http";
import { useSession } from "../../data/session";
import { usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { EditorDrawer, useChosen, useMust } from "../editors/EditorDrawer";
import { SearchField } from "../editors/SearchField";
import { ResourceSelect, UnitSelect, useSettled } from "../editors/selects";
import { ListFrame } from "./ListFrame";
import type { Duty } from "./types";

interface Draft {
  organisation?: number;
  element: string;
  basis: string;
  resource?: string;
}

function NewDuty({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useLanguage();
  const { session, may } = useSession();
  const must = useMust();
  const chosen = useChosen();
  const [form] = Form.useForm<Draft>();
  const save = (given: Draft) =>
    post("/api/sharing/duties", {
      organisation: given.organisation ?? session?.organisation,
      element: given.element,
      basis: given.basis,
      resource: given.resource ?? "",
    });
  return (
    <EditorDrawer<Draft>
      title={t("lists.new_duty")}
      form={form}
      initial={{}}
      save={save}
      onClose={onClose}
      onDone={onDone}
    >
      <Form.Item name="element" label={t("lists.element")} rules={must} extra={t("lists.element_hint")}>
        <Input maxLength={200} />
      </Form.Item>
      {may("sharing.review") && (
        <Form.Item name="organisation" label={t("lists.responsible")} rules={chosen}>
          <UnitSelect />
        </Form.Item>
      )}
      <Form.Item name="basis" label={t("lists.duty_basis")} rules={must} extra={t("lists.duty_basis_hint")}>
        <Input.TextArea rows={3} maxLength={5000} />
      </Form.Item>
      <Form.Item name="resource" label={t("lists.resource")} extra={t("lists.duty_resource_hint")}>
        <ResourceSelect<string> by="code" />
      </Form.Item>
    </EditorDrawer>
  );
}

export function Duties() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const [sought, seek] = useState("");
  const [adding, add] = useState(false);
  const q = useSettled(sought);
  const found = usePages<Duty>(withQuery("/api/sharing/duties", { q }));
  const drop = async (one: Duty) => {
    try {
      await remove(`/api/sharing/duties/${one.id}`);
      void message.success(t("edit.removed"));
    } catch (error) {
      void message.error(error instanceof Problem ? `${error.title} ${error.todo}` : String(error), 8);
    }
    found.reload();
  };
  return (
    <>
      <ListFrame<Duty>
        rowKey="id"
        found={found}
        scroll={{ x: 950 }}
        empty={t(may("sharing.compile") && !q ? "lists.no_duties" : "lists.nothing")}
        above={
          <>
            {may("sharing.compile") && (
              <Button type="primary" onClick={() => add(true)}>
                {t("lists.new_duty")}
              </Button>
            )}
            <SearchField label="lists.seek_element" value={sought} onChange={seek} />
          </>
        }
        columns={[
          { title: t("lists.element"), dataIndex: "element", width: 170 },
          { title: t("lists.responsible"), dataIndex: "organisation_name", width: 140 },
          { title: t("lists.duty_basis"), dataIndex: "basis", ellipsis: true },
          {
            title: t("lists.resource"),
            width: 220,
            render: (_, one) =>
              one.resource_id ? (
                <Link to={`/catalogue/entry/${one.resource_id}`}>{one.resource_name}</Link>
              ) : (
                <code className="quiet">{one.resource || "–"}</code>
              ),
          },
          {
            title: t("lists.conflict"),
            width: 260,
            render: (_, one) =>
              one.conflicts.map((each) => (
                <div key={each.sort} className="warn">
                  {each.text}
                </div>
              )),
          },
          {
            title: "",
            width: 80,
            render: (_, one) =>
              one.mine && (
                <Popconfirm
                  title={t("lists.remove_duty_sure")}
                  okButtonProps={{ danger: true }}
                  onConfirm={() => drop(one)}
                >
                  <Button type="link" size="small" danger aria-label={`${t("form.remove")} ${one.element}`}>
                    {t("form.remove")}
                  </Button>
                </Popconfirm>
              ),
          },
        ]}
      />
      {adding && (
        <NewDuty
          onClose={() => add(false)}
          onDone={() => {
            add(false);
            found.reload();
          }}
        />
      )}
    </>
  );
}
