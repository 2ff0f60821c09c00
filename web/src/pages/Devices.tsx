import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { DeviceList } from "../devices/DeviceList";
import { Groups } from "../devices/Groups";
import { Rates } from "../devices/Rates";
import { ManyDevices, OneDevice } from "../devices/Register";
import { Troubles } from "../devices/Troubles";
import { Upkeep } from "../devices/Upkeep";
import { type Key, useLanguage } from "../i18n";

function Register() {
  return (
    <div style={{ display: "grid", gap: 16 }}>
      <ManyDevices />
      <OneDevice />
    </div>
  );
}

const TABS = [
  { key: "list", page: DeviceList, permission: "sensing.read_own" },
  { key: "rates", page: Rates, permission: "sensing.read_own" },
  { key: "troubles", page: Troubles, permission: "sensing.read_own" },
  { key: "upkeep", page: Upkeep, permission: "sensing.read_own" },
  { key: "groups", page: Groups, permission: "sensing.read_own" },
  { key: "register", page: Register, permission: "sensing.devices" },
];

export default function Devices() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const tabs = TABS.filter((one) => may(one.permission));
  const given = useParams().tab;
  const tab = tabs.find((one) => one.key === given) ?? TABS[0]!;
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.devices")}</h2>
      </div>
      <Tabs
        activeKey={tab.key}
        onChange={(key) => navigate(key === "list" ? "/devices" : `/devices/${key}`)}
        destroyOnHidden
        items={tabs.map((one) => ({
          key: one.key,
          label: t(`fleet.tab_${one.key}` as Key),
          children: <one.page />,
        }))}
      />
    </div>
  );
}
