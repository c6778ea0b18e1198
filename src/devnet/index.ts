export { NodeProcess, type NodeProcessOptions, type ReadyLine, runPier } from './node-process.ts';
export { freeNodeIds, isPortFree } from './ports.ts';
export { type Fact, Scenario, ScenarioError, type ScenarioOptions, type StepEvidence } from './scenario.ts';
