/** A case that is with nobody, offered by hand to residents and service firms (共治). */

import { Button, Checkbox, Form, Input, InputNumber, Modal, Tag } from "antd";
import { useState } from "react";
import { post } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "./states";
import { When } from "./time";

interface Terms {
  to: string[];
  points: number;
  claim_within: number;
  done_within: number;
  radius_m: number | null;
}

interface Offered {
  why: string;
  terms: Terms;
  offer: {
    state: string;
    points: number;
    claimer: string;
    claim_by: string;
    done_by: string | null;
  } | null;
}

const LIVE = ["open", "claimed", "reported"];

function TermsForm({
  no,
  terms,
  close,
  done,
}: {
  no: number;
  terms: Terms;
  close: () => void;
  done: () => void;
}) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Terms & { reason?: string }>();
  const { send, busy, problem } = useSend(async (given: Terms & { reason?: string }) => {
    const { radius_m, ...rest } = given;
    await post(`/api/offers/cases/${no}`, radius_m ? { ...rest, radius_m } : rest);
    done();
    close();
  });
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <Modal
      open
      title={t("offers.offer")}
      okText={t("offers.offer")}
      onCancel={close}
      onOk={form.submit}
      confirmLoading={busy}
    >
      <p className="quiet">{t("offers.offer_about")}</p>
      {problem && <ProblemBox problem={problem} />}
      <Form form={form} layout="vertical" onFinish={send} initialValues={terms}>
        <Form.Item name="to" label={t("offers.to")} rules={needed}>
          <Checkbox.Group
            options={["residents", "firms"].map((one) => ({
              value: one,
              label: t(`offers.to_${one}` as Key),
            }))}
          />
        </Form.Item>
        <Form.Item name="points" label={t("offers.points")} rules={needed}>
          <InputNumber min={0} max={10000} precision={0} />
        </Form.Item>
        <Form.Item name="claim_within" label={t("offers.claim_minutes")} rules={needed}>
          <InputNumber min={1} max={44640} precision={0} />
        </Form.Item>
        <Form.Item name="done_within" label={t("offers.done_minutes")} rules={needed}>
          <InputNumber min={1} max={44640} precision={0} />
        </Form.Item>
        <Form.Item name="radius_m" label={t("offers.radius")}>
          <InputNumber min={1} max={100000} precision={0} />
        </Form.Item>
        <Form.Item name="reason" label={t("offers.reason")}>
          <Input maxLength={500} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

function Panel({ no, onDone }: { no: number; onDone: () => void }) {
  const { t } = useLanguage();
  const [asking, setAsking] = useState(false);
  const found = useGet<Offered>(`/api/offers/cases/${no}`);
  const offer = found.data?.offer;
  const live = offer && LIVE.includes(offer.state);
  if (!found.data || (!live && found.data.why)) return null;
  const done = () => {
    found.reload();
    onDone();
  };
  return (
    <section className="block" aria-labelledby="offer" data-testid="offer">
      <h3 id="offer">{t("nav.offers")}</h3>
      {live ? (
        <p>
          <Tag color="blue">
            {t(offer.state === "open" ? "offers.waiting" : (`offers.state.${offer.state}_by` as Key))}
          </Tag>
          {offer.claimer} {t("offers.gain", { points: offer.points })} ·{" "}
          {offer.done_by ? (
            <>
              {t("offers.done_by")} <When at={offer.done_by} />
            </>
          ) : (
            <>
              {t("offers.claim_by")} <When at={offer.claim_by} />
            </>
          )}
        </p>
      ) : (
        <Button onClick={() => setAsking(true)}>{t("offers.offer")}</Button>
      )}
      {asking && (
        <TermsForm no={no} terms={found.data.terms} close={() => setAsking(false)} done={done} />
      )}
    </section>
  );
}

/** `version` is the case's: with every change it is looked at again. */
export function OfferPanel({
  no,
  version,
  onDone,
}: {
  no: number;
  version: number;
  onDone: () => void;
}) {
  const { may } = useSession();
  return may("cases.dispatch") ? <Panel key={version} no={no} onDone={onDone} /> : null;
}
