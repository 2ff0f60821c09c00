/** The form of a class and the place of photos, in English. */
import type { reportsZh } from "./reports.zh";

export const reportsEn: Record<keyof typeof reportsZh, string> = {
  "report.form": "More about it",
  "report.bad_number": "Give a number",
  "report.place_of_photo": "Where the photo was taken; choose another place on the map if it is not there.",
  "report.use_photo_place": "Use the place of the photo",
  "photo.taken": "Taken {at}",
  "photo.metres_away": "Taken {metres} m from the place of the case",
};
