import type { lessonEn } from './en-lesson.ts';

/** What the page says around lessons, in Chinese. */
export const lessonZh: typeof lessonEn = {
  title: '课程',
  steps: '步骤',
  step: '第 {0} 步，共 {1} 步：{2}',
  states: { ahead: '尚未开始', running: '进行中', done: '已验证', failed: '失败' },
  act: '执行',
  retry: '重试',
  next: '下一步',
  back: '上一步',
  play: '全部播放',
  pause: '暂停',
  again: '从头开始',
  leave: '退出',
  controls: '课程控制',
  keys: '按键：→ 执行或下一步，← 上一步，P 播放或暂停，Esc 退出',
  waiting: '正在等待：{0}……',
  running: '进行中……',
  evidence: '证据',
  commands: '终端中的同一操作',
  leaving: '正在把网络恢复到课程开始之前的状态……',
  finished: '课程结束。网络已恢复原状，只是多了一些区块。',
  watching: '网络正在自动执行这些步骤，请观看。结束之后可以自己再做一遍。',
  notRestored: '网络未能恢复：{0}',
  unknown: '没有名为 {0} 的课程。',
};
