import type { stageEn } from './en-stage.ts';

/** What the stage says, in Chinese. */
export const stageZh: typeof stageEn = {
  move: '拖动节点，或选中节点后按方向键，即可移动它。',
  arrange: '自动排列',
  divide: '分割……',
  divideHelp: '画一条线穿过链路，或选择其中一侧的节点。',
  hint: '在空白处画一条线，即可切断它穿过的链路。',
  crosses: '这条线穿过 {0} 条链路。按 Esc 取消。',
  cutLinks: '切断 {0} 条链路',
  cutLink: '切断 1 条链路',
  noLinks: '两侧之间没有连通的链路。',
  cancel: '取消',
  proofs: '证明：{0}',
};
