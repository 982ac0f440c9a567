/**
 * The tables of the endpoint's documentation: codes and labels in their order. Maintained by hand, so that tests can
 * compare the program's tables with them.
 */

export type DocumentedCode = readonly [code: number, label: string];

/** `run_status`: of jobs and steps. */
export const RUN_STATUS_CODES: readonly DocumentedCode[] = [
  [1, "等待执行"],
  [2, "正在执行"],
  [3, "执行成功"],
  [4, "执行失败"],
  [5, "跳过"],
  [6, "忽略错误"],
  [7, "等待用户"],
  [8, "手动结束"],
  [9, "状态异常"],
  [10, "强制终止中"],
  [11, "强制终止成功"],
  [13, "确认终止"],
  [14, "被丢弃"],
  [15, "滚动等待"],
];

/** `target_object_status`: of host results. */
export const HOST_STATUS_CODES: readonly DocumentedCode[] = [
  [0, "未知错误"],
  [1, "Agent异常"],
  [2, "无效执行对象"],
  [3, "上次已成功"],
  [5, "等待执行"],
  [7, "正在执行"],
  [9, "执行成功"],
  [11, "执行失败"],
  [12, "任务下发失败"],
  [13, "任务超时"],
  [15, "任务日志错误"],
  [16, "GSE脚本日志超时"],
  [17, "GSE文件日志超时"],
  [18, "Agent未安装"],
  [101, "脚本执行失败"],
  [102, "脚本执行超时"],
  [103, "脚本执行被终止"],
  [104, "脚本返回码非零"],
  [202, "文件传输失败"],
  [203, "源文件不存在"],
  [301, "文件任务系统错误-未分类"],
  [303, "文件任务超时"],
  [310, "Agent异常"],
  [311, "用户名不存在"],
  [312, "用户密码错误"],
  [320, "文件获取失败"],
  [321, "文件超出限制"],
  [329, "文件传输错误"],
  [399, "任务执行出错"],
  [403, "GSE任务强制终止成功"],
  [404, "GSE任务强制终止失败"],
  [500, "未知状态"],
];

/** `step_instance.type`. */
export const STEP_TYPE_CODES: readonly DocumentedCode[] = [
  [1, "脚本步骤"],
  [2, "文件步骤"],
  [3, "人工确认步骤"],
  [4, "SQL步骤"],
];

/** `bk_scope_type`. */
export const SCOPE_TYPE_CODES: readonly (readonly [code: string, label: string])[] = [
  ["biz", "业务"],
  ["biz_set", "业务集"],
];
