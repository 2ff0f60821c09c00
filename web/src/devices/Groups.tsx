/** Named groups of devices, by list or by rule. */

import { Button, Card, Form, Input, Popconfirm, Segmented, Table } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { type Problem, post, remove, withQuery } from "../data/http";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { KindChoice, StreetChoice } from "./choices";
import type { Group } from "./types";

export function Groups() {
  const { t } = useLanguage();
  const { may } = useSession();
  const kindTitle = useKindTitle();
  const [form] = Form.useForm();
  const [by, setBy] = useState("list");
  const [problem, setProblem] = useState<Problem>();
  const list = useGet<Page<Group>>("/api/devices/groups");
  const add = async (given: Record<string, string | number | undefined>) => {
    setProblem(undefined);
    const rule = Object.fromEntries(
      ["kind", "area", "supplier"]
        .filter((name) => given[name] !== undefined && given[name] !== "")
        .map((name) => [name, given[name]]),
    );
    try {
      await post("/api/devices/groups", {
        name: given.name,
        note: given.note ?? "",
        rule: by === "rule" ? rule : null,
      });
      form.resetFields();
      list.reload();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const drop = async (group: Group) => {
    try {
      await remove(`/api/devices/groups/${group.id}`);
      list.reload();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const words = (rule: Group["rule"]) =>
    rule
      ? Object.entries(rule)
          .map(([name, value]) => (name === "kind" ? kindTitle(String(value)) : String(value)))
          .join(" · ")
      : t("fleet.by_list");
  return (
    <>
      {problem && <ProblemBox problem={problem} />}
      {may("sensing.devices") && (
        <Card size="small" title={t("fleet.new_group")} style={{ marginBottom: 16 }}>
          <Form form={form} layout="inline" onFinish={add} style={{ rowGap: 10 }}>
            <Segmented
              value={by}
              onChange={setBy}
              options={[
                { value: "list", label: t("fleet.by_list") },
                { value: "rule", label: t("fleet.by_rule") },
              ]}
            />
            <Form.Item name="name" rules={[{ required: true }]} style={{ marginLeft: 14 }}>
              <Input placeholder={t("device.name")} aria-label={t("device.name")} maxLength={128} />
            </Form.Item>
            {by === "rule" && (
              <>
                <Form.Item name="kind">
                  <KindChoice />
                </Form.Item>
                <Form.Item name="area">
                  <StreetChoice />
                </Form.Item>
                <Form.Item name="supplier">
                  <Input placeholder={t("fleet.supplier")} aria-label={t("fleet.supplier")} />
                </Form.Item>
              </>
            )}
            <Button type="primary" htmlType="submit">
              {t("form.save")}
            </Button>
          </Form>
        </Card>
      )}
      <div className="table-scroll">
        <Table<Group>
          rowKey="id"
          size="middle"
          pagination={false}
          dataSource={list.data?.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
          columns={[
            {
              title: t("device.name"),
              render: (_, one) => (
                <Link to={withQuery("/devices", { state: "all", group: one.id })}>{one.name}</Link>
              ),
            },
            { title: t("fleet.members"), render: (_, one) => words(one.rule) },
            { title: t("device.sum"), dataIndex: "count", align: "right", width: 100 },
            {
              title: "",
              width: 90,
              render: (_, one) =>
                may("sensing.devices") && (
                  <Popconfirm title={t("fleet.remove_group")} onConfirm={() => drop(one)}>
                    <Button type="link" danger size="small">
                      {t("form.remove")}
                    </Button>
                  </Popconfirm>
                ),
            },
          ]}
        />
      </div>
    </>
  );
}
