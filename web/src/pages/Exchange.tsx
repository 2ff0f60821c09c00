/** Jobs of exchange: what they carry, how they went, and what they rejected. */

import { useParams } from "react-router";
import { JobList } from "../sharing/exchange/JobList";
import { JobPage } from "../sharing/exchange/JobPage";

export default function Exchange() {
  const { code } = useParams();
  return code ? <JobPage key={code} code={code} /> : <JobList />;
}
