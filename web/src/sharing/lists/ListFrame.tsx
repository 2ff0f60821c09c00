/** A list that grows page by page, with what can be done above it and what to do when it is empty. */

import { Table, type TableProps } from "antd";
import type { ReactNode } from "react";
import type { Pages } from "../../data/use";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";

export function ListFrame<T extends object>({
  found,
  above,
  empty,
  ...table
}: {
  found: Pages<T>;
  above?: ReactNode;
  empty: ReactNode;
} & Pick<TableProps<T>, "columns" | "rowKey" | "scroll" | "showHeader" | "rowSelection">) {
  return (
    <>
      {above && <div className="filters">{above}</div>}
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      <Table<T>
        {...table}
        size="small"
        pagination={false}
        dataSource={found.items}
        locale={{ emptyText: found.loading ? <Busy /> : <Nothing>{empty}</Nothing> }}
      />
      <More more={found.more} />
    </>
  );
}
