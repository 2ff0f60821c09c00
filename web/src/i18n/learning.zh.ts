/** 由已结案卷学习的派遣建议。 */
export const learningZh = {
  "learning.title": "派遣建议",
  "learning.waiting": "待采纳",
  "learning.accepted": "已采纳",
  "learning.other": "另行派遣",
  "learning.sent": "自动派遣",
  "learning.accept": "派遣至此",
  "learning.because": "依据：{words}",
  "learning.version": "模型第 {version} 版",
  "learning.likely": "可能是：",
};
