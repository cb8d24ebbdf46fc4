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
export {
  type EmbedCall,
  type ScriptedEmbedder,
  type ScriptedEmbedderOptions,
  scriptedEmbedder,
  vectorOfWords,
} from './scripted-embedder.ts'
export { type ModelCall, type ScriptedModel, type ScriptedModelOptions, scriptedModel } from './scripted-model.ts'
