/** The classes of the catalogue as a tree: the guide's, and the city's own below them. */

import { Button, Form, Input, Tag, Tree } from "antd";
import { useMemo, useState } from "react";
import { put, remove } from "../../data/http";
import { useSession } from "../../data/session";
import type { Page } from "../../data/types";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import { EditorDrawer, useMust } from "../editors/EditorDrawer";
import { UnitSelect } from "../editors/selects";
import { below, type ClassNode, type ClassRow, nested, nextCode } from "./classTree";

interface Draft {
  code: string;
  name_zh: string;
  name_en?: string;
  organisation?: number;
}

interface Editing {
  initial: Partial<Draft>;
  isNew: boolean;
  own: boolean;
  used: boolean;
}

function ClassEditor({ of, onClose, onDone }: { of: Editing; onClose: () => void; onDone: () => void }) {
  const { t } = useLanguage();
  const must = useMust();
  const [form] = Form.useForm<Draft>();
  const save = (given: Draft) =>
    put(`/api/sharing/classes/${encodeURIComponent(of.isNew ? given.code : (of.initial.code ?? ""))}`, {
      name_zh: given.name_zh,
      name_en: given.name_en ?? "",
      organisation: given.organisation ?? null,
    });
  const path = `/api/sharing/classes/${encodeURIComponent(of.initial.code ?? "")}`;
  return (
    <EditorDrawer<Draft>
      title={of.isNew ? t("lists.new_class") : `${of.initial.code} ${of.initial.name_zh}`}
      form={form}
      initial={of.initial}
      save={save}
      place={(problem) => (problem.fields.why === "name" ? ["name_zh"] : ["code"])}
      onClose={onClose}
      onDone={onDone}
      removal={
        of.own && !of.isNew && !of.used
          ? { sure: t("lists.remove_class_sure"), run: () => remove(path) }
          : undefined
      }
    >
      <Form.Item name="code" label={t("lists.class_code")} rules={must} extra={t("lists.class_code_hint")}>
        <Input maxLength={64} disabled={!of.isNew} />
      </Form.Item>
      <Form.Item name="name_zh" label={t("lists.name_zh")} rules={must}>
        <Input maxLength={128} />
      </Form.Item>
      <Form.Item name="name_en" label={t("lists.name_en")}>
        <Input maxLength={128} />
      </Form.Item>
      <Form.Item name="organisation" label={t("lists.class_of")} extra={t("lists.class_of_hint")}>
        <UnitSelect />
      </Form.Item>
    </EditorDrawer>
  );
}

export function Classes() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const { data, problem, reload } = useGet<Page<ClassRow>>("/api/sharing/classes");
  const [editing, edit] = useState<Editing>();
  const edits = may("sharing.review");
  const rows = data?.items;
  const tree = useMemo(() => nested(rows ?? []), [rows]);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!rows) return <Busy />;
  const open = (one: ClassRow) =>
    edit({
      initial: { ...one, organisation: one.organisation ?? undefined },
      isNew: false,
      own: one.own,
      used: below(rows, one.code).length > 0,
    });
  const add = (above: string) =>
    edit({ initial: { code: nextCode(rows, above) }, isNew: true, own: true, used: false });
  const named = (one: ClassRow) => (lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en);
  return (
    <>
      <p className="quiet">{t(edits ? "lists.classes_about" : "lists.classes_read")}</p>
      <Tree<ClassNode>
        blockNode
        selectable={false}
        treeData={tree}
        titleRender={(node) => (
          <>
            <code className="quiet">{node.code}</code> {named(node)} {node.own && <Tag>{t("lists.own_class")}</Tag>}
            {edits && (
              <>
                <Button
                  type="link"
                  size="small"
                  aria-label={`${t("form.edit")} ${node.code}`}
                  onClick={() => open(node)}
                >
                  {t("form.edit")}
                </Button>
                <Button
                  type="link"
                  size="small"
                  aria-label={`${t("lists.add_below")} ${node.code}`}
                  onClick={() => add(node.code)}
                >
                  {t("lists.add_below")}
                </Button>
              </>
            )}
          </>
        )}
      />
      {editing && (
        <ClassEditor
          of={editing}
          onClose={() => edit(undefined)}
          onDone={() => {
            edit(undefined);
            reload();
          }}
        />
      )}
    </>
  );
}
