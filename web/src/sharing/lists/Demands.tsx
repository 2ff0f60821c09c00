/** The demand list: data that somebody needs and the catalogue has not, and the answers. */

import { Button, Form, Input, Radio, Segmented, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { post, withQuery } from "../../data/http";
import { useSession } from "../../data/session";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { When } from "../../parts/time";
import { EditorDrawer, useChosen, useMust } from "../editors/EditorDrawer";
import { ResourceSelect, UnitSelect } from "../editors/selects";
import { ListFrame } from "./ListFrame";
import type { Demand } from "./types";

const COLOURS = { open: "blue", met: "green", refused: "red" };

interface Draft {
  organisation?: number;
  element: string;
  purpose: string;
  provider?: number;
}

function NewDemand({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useLanguage();
  const { session, may } = useSession();
  const must = useMust();
  const chosen = useChosen();
  const [form] = Form.useForm<Draft>();
  const save = (given: Draft) =>
    post("/api/sharing/demands", {
      organisation: given.organisation ?? session?.organisation,
      element: given.element,
      purpose: given.purpose,
      provider: given.provider ?? null,
    });
  return (
    <EditorDrawer<Draft> title={t("lists.new_demand")} form={form} initial={{}} save={save} onClose={onClose} onDone={onDone}>
      <p className="quiet">{t("lists.demand_about")}</p>
      {may("sharing.review") && (
        <Form.Item name="organisation" label={t("lists.asks")} rules={chosen}>
          <UnitSelect />
        </Form.Item>
      )}
      <Form.Item name="element" label={t("lists.wanted")} rules={must}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="purpose" label={t("lists.purpose")} rules={must}>
        <Input.TextArea rows={3} maxLength={5000} />
      </Form.Item>
      <Form.Item name="provider" label={t("lists.provider")} extra={t("lists.provider_hint")}>
        <UnitSelect />
      </Form.Item>
    </EditorDrawer>
  );
}

interface Answer {
  met: boolean;
  resource?: number;
  text?: string;
}

function AnswerDemand({ of, onClose, onDone }: { of: Demand; onClose: () => void; onDone: () => void }) {
  const { t } = useLanguage();
  const must = useMust();
  const chosen = useChosen();
  const [form] = Form.useForm<Answer>();
  const met = Form.useWatch("met", form) ?? true;
  const save = (given: Answer) =>
    post(`/api/sharing/demands/${of.id}/answer`, {
      text: given.text ?? "",
      resource: given.met ? given.resource : null,
    });
  return (
    <EditorDrawer<Answer>
      title={`${t("lists.answer")}: ${of.element}`}
      form={form}
      initial={{ met: true }}
      save={save}
      onClose={onClose}
      onDone={onDone}
    >
      <p>
        {of.organisation_name}: {of.purpose}
      </p>
      <Form.Item name="met" label={t("lists.answer")}>
        <Radio.Group
          options={[
            { value: true, label: t("lists.meet") },
            { value: false, label: t("lists.refuse") },
          ]}
        />
      </Form.Item>
      {met && (
        <Form.Item name="resource" label={t("lists.resource")} rules={chosen} extra={t("lists.meet_hint")}>
          <ResourceSelect<number> by="id" />
        </Form.Item>
      )}
      <Form.Item name="text" label={t(met ? "lists.remark" : "lists.reason")} rules={met ? [] : must}>
        <Input.TextArea rows={3} maxLength={5000} />
      </Form.Item>
    </EditorDrawer>
  );
}

export function Demands() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [state, setState] = useState("open");
  const [adding, add] = useState(false);
  const [answering, answer] = useState<Demand>();
  const found = usePages<Demand>(
    withQuery("/api/sharing/demands", { state: state === "all" ? undefined : state }),
  );
  return (
    <>
      <ListFrame<Demand>
        rowKey="id"
        found={found}
        scroll={{ x: 950 }}
        empty={t(may("sharing.request") && state !== "met" ? "lists.no_demands" : "lists.nothing")}
        above={
          <>
            {may("sharing.request") && (
              <Button type="primary" onClick={() => add(true)}>
                {t("lists.new_demand")}
              </Button>
            )}
            <Segmented
              aria-label={t("lists.state")}
              value={state}
              onChange={setState}
              options={["open", "met", "refused", "all"].map((one) => ({
                value: one,
                label: t(`lists.demand.${one}` as Key),
              }))}
            />
          </>
        }
        columns={[
          { title: t("lists.wanted"), dataIndex: "element", width: 160 },
          { title: t("lists.purpose"), dataIndex: "purpose" },
          { title: t("lists.asks"), dataIndex: "organisation_name", width: 130 },
          {
            title: t("lists.provider"),
            width: 130,
            render: (_, one) => one.provider_name || <span className="quiet">{t("lists.bureau_answers")}</span>,
          },
          { title: t("lists.made_at"), width: 120, render: (_, one) => <When at={one.made_at} /> },
          {
            title: t("lists.state"),
            width: 260,
            render: (_, one) => (
              <>
                <Tag color={COLOURS[one.state]}>{t(`lists.demand.${one.state}` as Key)}</Tag>
                {one.resource && <Link to={`/catalogue/entry/${one.resource}`}>{one.resource_name}</Link>}
                <div className="quiet">{one.answer}</div>
              </>
            ),
          },
          {
            title: "",
            width: 80,
            render: (_, one) =>
              one.mine && (
                <Button
                  type="link"
                  size="small"
                  aria-label={`${t("lists.answer")} ${one.element}`}
                  onClick={() => answer(one)}
                >
                  {t("lists.answer")}
                </Button>
              ),
          },
        ]}
      />
      {adding && (
        <NewDemand
          onClose={() => add(false)}
          onDone={() => {
            add(false);
            found.reload();
          }}
        />
      )}
      {answering && (
        <AnswerDemand
          of={answering}
          onClose={() => answer(undefined)}
          onDone={() => {
            answer(undefined);
            found.reload();
          }}
        />
      )}
    </>
  );
}
