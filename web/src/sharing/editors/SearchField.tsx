/** A field by which a list is narrowed while one types. */

import { Input } from "antd";
import { type Key, useLanguage } from "../../i18n";

export function SearchField({
  label,
  value,
  onChange,
}: {
  label: Key;
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useLanguage();
  return (
    <Input
      allowClear
      maxLength={100}
      aria-label={t(label)}
      placeholder={t(label)}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      style={{ width: 280 }}
    />
  );
}
