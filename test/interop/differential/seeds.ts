/**
 * The seeds of the long run, chosen once, so that two runs compare the same blocks and transactions. Each seed is that
 * of its first world; further worlds of the same run count up from it.
 */
export const longRunSeeds: readonly number[] = [
  31_338, 130_103, 228_868, 327_633, 424_242, 426_398, 525_163, 623_928, 722_693, 821_458, 920_223, 1_018_988,
  1_117_753, 1_216_518, 1_315_283, 1_414_048, 1_512_813, 1_611_578, 1_710_343, 1_809_108,
];
