import type { TextTable } from '../texts.ts';

/** What Commander says of a call that it refuses, in Chinese. */
export const commander: TextTable = {
  "unknown command '{0}'": "未知的命令 '{0}'",
  "unknown option '{0}'": "未知的选项 '{0}'",
  "missing required argument '{0}'": "缺少必填的参数 '{0}'",
  "option '{0}' argument missing": "选项 '{0}' 缺少值",
  "required option '{0}' not specified": "没有给出必填的选项 '{0}'",
  "option '{0}' argument '{1}' is invalid. Allowed choices are {2}.": "选项 '{0}' 的值 '{1}' 无效，可选 {2}",
  "command-argument value '{0}' is invalid for argument '{1}'. Allowed choices are {2}.":
    "参数 '{1}' 的值 '{0}' 无效，可选 {2}",
  "too many arguments for '{0}'. Expected {1} argument but got {2}.": "'{0}' 的参数过多：应有 {1} 个，给出了 {2} 个",
  "too many arguments for '{0}'. Expected {1} arguments but got {2}.": "'{0}' 的参数过多：应有 {1} 个，给出了 {2} 个",
  "Did you mean one of {0}? 'pier help' lists the commands.": "你要找的是 {0} 之一吗？用 'pier help' 查看所有命令。",
  "Did you mean one of {0}? 'pier help {1}' lists its arguments and options.":
    "你要找的是 {0} 之一吗？用 'pier help {1}' 查看它的参数和选项。",
};
