/** The form of a class and the place of photos, in Chinese. */
export const reportsZh = {
  "report.form": "补充信息",
  "report.bad_number": "请输入数字",
  "report.place_of_photo": "位置取自照片的拍摄地点，可在地图上修改。",
  "report.use_photo_place": "使用照片的拍摄地点",
  "photo.taken": "拍摄于 {at}",
  "photo.metres_away": "拍摄地点距案卷位置 {metres} 米",
} as const;
