/** The frame of an editor: a form in a drawer, its faults at their fields, a removal that asks. */

import { App, Button, Drawer, Form, type FormInstance, Popconfirm, Space } from "antd";
import { type ReactNode, useState } from "react";
import { Problem } from "../../data/http";
import { useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import { cleared, named, type Place, placed } from "./fault";

export function EditorDrawer<T extends object>({
  title,
  form,
  initial,
  save,
  place,
  beside,
  onClose,
  onDone,
  removal,
  children,
}: {
  title: ReactNode;
  form: FormInstance<T>;
  initial: Partial<T>;
  save: (values: T) => Promise<unknown>;
  /** The field of a problem; left out, the one that it names. */
  place?: (problem: Problem) => Place | undefined;
  /** What stands below a problem: where to go on. */
  beside?: (problem: Problem) => ReactNode;
  onClose: () => void;
  onDone: () => void;
  removal?: { sure: ReactNode; run: () => Promise<unknown> };
  children: ReactNode;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<unknown>, told: string) => {
    setBusy(true);
    setProblem(undefined);
    cleared(form);
    try {
      await work();
      void message.success(told);
      onDone();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const name = named(error);
      const where = place ? place(error) : name ? [name] : undefined;
      if (!placed(form, error, where)) setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Drawer
      open
      size={620}
      title={title}
      onClose={onClose}
      destroyOnHidden
      extra={
        <Space>
          {removal && (
            <Popconfirm
              title={removal.sure}
              okButtonProps={{ danger: true }}
              onConfirm={() => act(removal.run, t("edit.removed"))}
            >
              <Button danger>{t("form.remove")}</Button>
            </Popconfirm>
          )}
          <Button type="primary" loading={busy} onClick={() => form.submit()}>
            {t("form.save")}
          </Button>
        </Space>
      }
    >
      {problem && <ProblemBox problem={problem} />}
      {problem && beside?.(problem)}
      <Form<T>
        form={form}
        layout="vertical"
        initialValues={initial}
        scrollToFirstError
        onFinish={(values) => act(() => save(values), t("form.saved"))}
      >
        {children}
        <button type="submit" hidden />
      </Form>
    </Drawer>
  );
}

/** A rule of a form: something must stand there. */
export function useMust() {
  const { t } = useLanguage();
  return [{ required: true, whitespace: true, message: t("form.required") }];
}

/** A rule of a form for what is no text. */
export function useChosen() {
  const { t } = useLanguage();
  return [{ required: true, message: t("form.required") }];
}
