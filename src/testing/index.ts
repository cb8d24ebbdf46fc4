/** The public test kit: what a driver's or an application's own tests need. */
export { MemoryError } from '../domain/error.ts'
export {
  type ContractEnvironment,
  type ManualClock,
  type OpenStorage,
  runStorageCase,
  type StorageCase,
} from './contract/contract-case.ts'
export { storageContract } from './contract/storage-contract.ts'
export { type CommitObservation, checkHistory, type HistoryOptions } from './history-checker.ts'
export type { AnswerPart, GeneratedAnswer } from './model-answer.ts'
export type { OfferedTool, PromptMessage, PromptPart } from './model-prompt.ts'
export { type PromptMessageLike, promptProblems } from './prompt-problems.ts'
export {
  type CallToolOptions,
  type CallToolsOptions,
  callTool,
  callTools,
  type FinishReason,
  failWith,
  malformedCall,
  type SayOptions,
  type ScriptedStep,
  type ScriptedToolCall,
  say,
  stall,
} from './script-step.ts'
export {
  type EmbedCall,
  type ScriptedEmbedder,
  type ScriptedEmbedderOptions,
  scriptedEmbedder,
  vectorOfWords,
} from './scripted-embedder.ts'
export {
  type ModelCall,
  type ScriptedModel,
  type ScriptedModelOptions,
  type Step,
  scriptedModel,
} from './scripted-model.ts'
export { type ThreadMessageLike, threadProblems } from './thread-problems.ts'
