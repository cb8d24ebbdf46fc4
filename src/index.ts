/** The public entry: named exports only. */
export { Agent } from './agent/agent.ts'
export { Aquifer, type AquiferOptions } from './agent/container/aquifer.ts'
export type {
  Container,
  Logger,
  Recoverable,
  RegisteredAgent,
  RegisteredWorkflow,
} from './agent/container/registered.ts'
export type { Registration } from './agent/container/registry.ts'
export type { DelegationMessage } from './agent/delegation-message.ts'
export type {
  DelegationComplete,
  DelegationCompleteAnswer,
  DelegationContext,
  DelegationMemory,
  DelegationOptions,
  DelegationProposal,
  DelegationResult,
  DelegationStart,
  DelegationStartAnswer,
} from './agent/delegation-options.ts'
export type {
  CompletionCheck,
  CompletionReason,
  CompletionScore,
  CompletionScorer,
  CompletionScorerInput,
  IterationComplete,
  IterationCompleteAnswer,
  IterationRecord,
  OnIterationComplete,
  RunBudget,
  ScorerResult,
  TaskCompletion,
} from './agent/iteration-options.ts'
export type {
  NetworkEvent,
  NetworkEventType,
  NetworkInnerEvent,
  NetworkPayloads,
  NetworkPrimitiveType,
  NetworkUsage,
} from './agent/network/network-events.ts'
export type {
  NetworkDecideOptions,
  NetworkMemory,
  NetworkOptions,
  NetworkResult,
  NetworkStatus,
  NetworkStream,
} from './agent/network/network-options.ts'
export type { NetworkStep } from './agent/network/network-payloads.ts'
export type {
  AgentInput,
  AgentOptions,
  CallMemory,
  CallOptions,
  CallThread,
  Dynamic,
  Instructions,
} from './agent/options.ts'
export type { ProcessedMessage, Processor } from './agent/processors/processor.ts'
export { TokenLimiter } from './agent/processors/token-limiter.ts'
export { ToolCallFilter } from './agent/processors/tool-call-filter.ts'
export { RequestContext, type RequestContextInput } from './agent/request-context.ts'
export type { ReconnectedStream, ReconnectOptions } from './agent/run/reconnect.ts'
export type { AgentResult, AgentStream, AgentStreamPart, ToolOutputPart } from './agent/run/result.ts'
export type {
  DelegationLink,
  PendingCall,
  ToolCallApprovalPart,
  ToolCallSuspendedPart,
} from './agent/suspension/pending-calls.ts'
export type { DataPart } from './agent/tools/data-parts.ts'
export {
  type CreateToolOptions,
  createTool,
  type RequestedCall,
  type RequireApproval,
  type ToolAnswer,
  type ToolCall,
  type ToolContext,
} from './agent/tools/tool.ts'
export type { AskedToolCall, RequireToolApproval } from './agent/tools/tool-approval.ts'
export {
  type AgentEvent,
  agentChannel,
  type CheckEnded,
  type DelegationEnded,
  type IterationEnded,
} from './agent/tracing.ts'
export type { CancelRunOptions } from './agent/waiting/cancel-run.ts'
export type { DecideOptions } from './agent/waiting/continue-run.ts'
export type {
  ListSuspendedRunsOptions,
  SuspendedCall,
  SuspendedRun,
  SuspendedRunPage,
} from './agent/waiting/list-suspended.ts'
export type { RecoveredRun, RecoverOptions } from './agent/waiting/recover.ts'
export { localEmbedder } from './derive/local-embedder.ts'
export type { Access, Actor, Author, Grant, Right } from './domain/actor.ts'
export type { Change, ChangeResult, Commit, CommitResult, Expectation } from './domain/commit/commit.ts'
export type { Effect, LoggedCommit, LogRow } from './domain/commit/effect.ts'
export { type ErrorCode, errorCodes, MemoryError } from './domain/error.ts'
export type { Json, JsonObject } from './domain/json.ts'
export { type Duration, defaultLimits, type LimitName, type Limits } from './domain/limits.ts'
export type { MessagePart, Role } from './domain/records/message.ts'
export type { MessageLike } from './domain/records/message-input.ts'
export type { RunKind, RunStatus } from './domain/records/run.ts'
export type { TurnStatus } from './domain/records/turn.ts'
export type { JsonOf, ObjectJsonSchema, PatchOf, SchemaLike, SdkSchema } from './domain/schema-like.ts'
export {
  childSpaceId,
  parseSpaceId,
  type SpaceKind,
  type SpaceSettings,
  type SpaceState,
  spaceId,
} from './domain/space.ts'
export type { StandardSchema } from './domain/standard-schema.ts'
export type {
  ClonedThread,
  CloneThreadOptions,
  Conversations,
  ListMessagesOptions,
  MessagePage,
  SavedMessages,
  SaveMessagesOptions,
} from './facade/conversations.ts'
export type {
  AddFactsOptions,
  ConflictPage,
  FactConflict,
  FactEdit,
  FactPage,
  FactSearch,
  Facts,
  FactUpdate,
  FoundFact,
  ListFactsOptions,
  SearchFactsOptions,
} from './facade/facts.ts'
export { Memory } from './facade/memory.ts'
export type { ListProposalsOptions, ProposalDecision, ProposalPage, Proposals } from './facade/proposals.ts'
export type {
  Fact,
  FactVersion,
  ForgetAnswer,
  GetObservationsOptions,
  Observation,
  ObservationGeneration,
  ObservationHistory,
  Observations,
  Proposal,
  RecalledItem,
  RecalledMessage,
  Receipt,
  Recollection,
  Run,
  RunPage,
  StoredMessage,
  Thread,
  ThreadPage,
  ThreadUpdate,
  WorkingMemory,
  WorkingMemoryVersion,
  WorkingMemoryWrite,
} from './facade/records.ts'
export type { ChildSpacePage, CommitOptions, Space } from './facade/space.ts'
export type {
  Entry,
  EntryDeletion,
  EntryEvent,
  EntryPage,
  EntryVersion,
  EntryWrite,
  Team,
  WrittenEntry,
} from './facade/team.ts'
export type { RecallOptions, SpaceRecallOptions } from './facade/times.ts'
export type { ExportedResource, ExportedSpace, ExportedThread } from './memory/answers/exported.ts'
export type { RecallExplanation, RecallTrace, TracedItem } from './memory/answers/recollection.ts'
export type { StoredPart } from './memory/answers/stored-part.ts'
export type { CommitIdOption } from './memory/arguments/commit-ids.ts'
export type { FeedOptions } from './memory/arguments/feed-options.ts'
export type { IncludedMessage } from './memory/conversation/list-messages.ts'
export type { DeleteMessagesOptions, MessageEdit, UpdateMessagesOptions } from './memory/conversation/messages.ts'
export type { RestoredTurn, RestoreTurnOptions } from './memory/conversation/restore-turn.ts'
export type { ListRunsOptions } from './memory/conversation/runs.ts'
export type {
  CreateThreadOptions,
  GetThreadOptions,
  ListThreadsOptions,
  NamedThread,
  UpdateThreadOptions,
} from './memory/conversation/threads.ts'
export type { ExportOptions, ResourceExport } from './memory/export.ts'
export type { FactIds } from './memory/facts/fact-home.ts'
export type { AddedFact, AddedFacts } from './memory/facts/facts-add.ts'
export type { GetFactOptions, ListConflictsOptions } from './memory/facts/facts-read.ts'
export type { UpdateFactOptions } from './memory/facts/facts-write.ts'
export type { ForgetOptions, ReceiptsOptions } from './memory/forget.ts'
export type { MemoryStats, ReindexOptions, Settled } from './memory/indexing.ts'
export type { ObservedThread, ReflectedThread } from './memory/observations/observe.ts'
export { observationChannel } from './memory/observations/report.ts'
export type { SummarizeThreadOptions, ThreadSummary } from './memory/observations/summary.ts'
export { Extractor } from './memory/options/extractor.ts'
export type { MemoryOptions } from './memory/options/options.ts'
export type { DecideProposalOptions } from './memory/proposals/decide.ts'
export type { ChildSpacesOptions, ConfigureOptions, ListSpacesOptions, SpacePage } from './memory/spaces.ts'
export type { ChangeEntryOptions, DeleteEntryOptions, Ttl, WriteEntryOptions } from './memory/team/entries.ts'
export type { ListEntriesOptions } from './memory/team/read-entries.ts'
export type { EntryChange, WatchOptions } from './memory/team/watch.ts'
export {
  type MemoryEvent,
  memoryChannel,
  type RecallEvent,
  type RestoreEvent,
  type SaveEvent,
  type TracedFind,
  type WorkingMemoryEvent,
} from './memory/tracing.ts'
export type {
  GetWorkingMemoryOptions,
  RestoreWorkingMemoryOptions,
  UpdateWorkingMemoryOptions,
  WorkingMemoryHistoryOptions,
} from './memory/working-memory/working-memory.ts'
export { SQLiteStore, type SQLiteStoreOptions } from './open.ts'
export type {
  HistoryMode,
  MemoryBehaviour,
  SemanticRecallOptions,
  TitleOptions,
  WorkingMemoryOptions,
} from './ports/behaviour.ts'
export type { CacheKind, CacheUse } from './ports/cache-use.ts'
export type { Clock } from './ports/clock.ts'
export type { Embedder, Embedding, EmbedOptions } from './ports/embedder.ts'
export type {
  ExtractorTarget,
  HookMessage,
  HookNote,
  NoteExtractor,
  ObservationalMemoryOptions,
  ObservationEvent,
  ObservationFailure,
  ObservationHooks,
  ObservationOptions,
  ReflectionOptions,
} from './ports/observational-memory.ts'
export type { Durability, Storage } from './ports/storage.ts'
export { cloneStep, createStep } from './workflow/create-step.ts'
export type { AgentStep, AgentStepOptions } from './workflow/definition/agent-step.ts'
export type {
  LoopContext,
  NodeContext,
  StateChange,
  StepContext,
  SuspendOptions,
} from './workflow/definition/context.ts'
export type { AgentDecision, AgentResumeData, AgentSuspension } from './workflow/definition/decisions.ts'
export type { FieldSource } from './workflow/definition/field-map.ts'
export type { ForeachOptions } from './workflow/definition/flow-checks.ts'
export type {
  BranchArm,
  Flow,
  FlowNode,
  FlowStep,
  FlowTypes,
  Interrupted,
  WorkflowStep,
} from './workflow/definition/step.ts'
export type {
  ContextOf,
  CreateStepOptions,
  StepBehaviour,
  StepOf,
  StepSchemas,
} from './workflow/definition/step-options.ts'
export type { ApprovalRequest, ToolStepOptions } from './workflow/definition/tool-step.ts'
export type { FlowOptions } from './workflow/definition/workflow-options.ts'
export type { WorkflowEvent, WorkflowEventType, WorkflowStatus } from './workflow/engine/events.ts'
export type { StepError } from './workflow/engine/outcome.ts'
export type { ResumeOptions } from './workflow/engine/resume-run.ts'
export type { WorkflowState, WorkflowStepState } from './workflow/engine/run-view.ts'
export type { StartOptions } from './workflow/engine/start-run.ts'
export {
  type CreateRunOptions,
  createWorkflow,
  type ListWorkflowRunsOptions,
  type RunnableWorkflow,
  Workflow,
  type WorkflowOptions,
  type WorkflowRunPage,
} from './workflow/workflow.ts'
export type {
  WorkflowResult,
  WorkflowRun,
  WorkflowStream,
} from './workflow/workflow-run.ts'
