/** What the own organisation's grants give as files, and having files made of them. */

import { Alert, App, Button, Form, Modal, Radio, Switch, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { type Problem, post } from "../../data/http";
import { usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { bytes } from "./bytes";
import { Sum } from "./FileVersions";
import type { Granted, Version } from "./types";

/** What is to be made: an extract of a resource, or an encrypted version. */
type Order = { resource: Granted } | { version: Version };

export function MyFiles({ onOrdered }: { onOrdered: () => void }) {
  const { t } = useLanguage();
  const found = usePages<Granted>("/api/sharing/files/mine", 20);
  const [order, setOrder] = useState<Order>();
  return (
    <div data-testid="my-files">
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      {!found.loading && !found.problem && found.items.length === 0 && (
        <Nothing>
          {t("files.mine_none")} <Link to="/catalogue">{t("nav.catalogue")}</Link>
        </Nothing>
      )}
      {found.items.map((one) => (
        <GrantedFiles key={one.grant} of={one} onOrder={setOrder} />
      ))}
      <More more={found.more} />
      {order && (
        <OrderForm
          of={order}
          onClose={() => setOrder(undefined)}
          onDone={() => {
            setOrder(undefined);
            onOrdered();
          }}
        />
      )}
    </div>
  );
}

function GrantedFiles({ of, onOrder }: { of: Granted; onOrder: (order: Order) => void }) {
  const { t } = useLanguage();
  const whole = of.not_covered.length === 0;
  const missing = of.not_covered.map((one) => (one === "rows" ? t("files.some_rows") : one));
  return (
    <section className="block" style={{ marginBottom: 12 }}>
      <div style={{ display: "flex", gap: 10, alignItems: "baseline", flexWrap: "wrap" }}>
        <Link to={`/catalogue/entry/${of.resource}`}>
          <b>{of.name}</b>
        </Link>
        <span className="quiet">{of.provider}</span>
        <span className="quiet">
          {t("files.until")} <When at={of.expires_at} />
        </span>
        <span style={{ flex: 1 }} />
        {of.extract && (
          <Button size="small" onClick={() => onOrder({ resource: of })}>
            {t("files.make_extract")}
          </Button>
        )}
      </div>
      {of.files.map((one) => (
        <div key={one.id} style={{ display: "flex", gap: 10, padding: "6px 0 0", flexWrap: "wrap" }}>
          {whole ? (
            <a href={`/api/sharing/files/versions/${one.id}`} download>
              {one.name}
            </a>
          ) : (
            <span>{one.name}</span>
          )}
          <Tag>{t("files.version_number", { number: one.number })}</Tag>
          <span className="quiet">
            {bytes(one.size)} · <When at={one.at} /> · <Sum of={one.sha256} />
          </span>
          <span>{one.note}</span>
          <span style={{ flex: 1 }} />
          {whole && (
            <Button size="small" type="link" onClick={() => onOrder({ version: one })}>
              {t("files.encrypt")}
            </Button>
          )}
        </div>
      ))}
      {of.files.length > 0 && !whole && (
        <Alert
          type="info"
          showIcon
          style={{ marginTop: 8 }}
          title={t("files.not_whole", { columns: missing.join(", ") })}
        />
      )}
      {of.files.length === 0 && !of.extract && <p className="quiet">{t("files.none")}</p>}
    </section>
  );
}

function OrderForm({ of, onClose, onDone }: { of: Order; onClose: () => void; onDone: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [format, setFormat] = useState("xlsx");
  const [encrypted, setEncrypted] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    const body =
      "version" in of
        ? { version: of.version.id, encrypted: true }
        : { resource: of.resource.resource, format, encrypted };
    try {
      await post("/api/sharing/files/deliveries", body);
      message.success(t("files.ordered"));
      onDone();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={"version" in of ? of.version.name : of.resource.name}
      okText={t("files.make")}
      confirmLoading={busy}
      onOk={take}
      onCancel={onClose}
    >
      {"version" in of ? (
        <p>{t("files.encrypt_hint")}</p>
      ) : (
        <Form layout="vertical">
          <p>{t("files.extract_hint")}</p>
          <Form.Item label={t("files.format")}>
            <Radio.Group
              value={format}
              onChange={(event) => setFormat(event.target.value)}
              options={[
                { value: "xlsx", label: "Excel" },
                { value: "csv", label: "CSV" },
                { value: "parquet", label: "Parquet" },
              ]}
            />
          </Form.Item>
          <Form.Item label={t("files.encrypt")} extra={t("files.encrypt_hint")}>
            <Switch checked={encrypted} onChange={setEncrypted} aria-label={t("files.encrypt")} />
          </Form.Item>
        </Form>
      )}
      {problem && <ProblemBox problem={problem} />}
    </Modal>
  );
}
