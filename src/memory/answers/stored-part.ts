/**
 * Types of the parts of stored messages: those of the AI SDK's `UIMessage`, without its declarations, which need a
 * browser's types.
 */
import type { Json, JsonObject } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'

type ProviderMetadata = Record<string, JsonObject>

interface Said {
  readonly text: string
  readonly state?: 'streaming' | 'done'
  readonly providerMetadata?: ProviderMetadata
}

interface StoredFile {
  readonly type: 'file'
  readonly mediaType: string
  readonly url: string
  readonly filename?: string
  readonly providerMetadata?: ProviderMetadata
}

type Spoken =
  | ({ readonly type: 'text' } & Said)
  | ({ readonly type: 'reasoning' } & Said)
  | { readonly type: 'custom'; readonly kind: `${string}.${string}`; readonly providerMetadata?: ProviderMetadata }

type Attached =
  | StoredFile
  | {
      readonly type: 'reasoning-file'
      readonly mediaType: string
      readonly url: string
      readonly providerMetadata?: ProviderMetadata
    }
  | {
      readonly type: 'source-url'
      readonly sourceId: string
      readonly url: string
      readonly title?: string
      readonly providerMetadata?: ProviderMetadata
    }
  | {
      readonly type: 'source-document'
      readonly sourceId: string
      readonly mediaType: string
      readonly title: string
      readonly filename?: string
      readonly providerMetadata?: ProviderMetadata
    }

type Marked =
  | { readonly type: 'step-start' }
  | { readonly type: `data-${string}`; readonly id?: string; readonly data: Json }
  | {
      readonly type: 'steering-message'
      readonly id: string
      readonly parts: (({ readonly type: 'text' } & Said) | StoredFile)[]
    }

interface Approval {
  readonly id: string
  readonly reason?: string
  readonly isAutomatic?: boolean
}
type Asked = Omit<Approval, 'reason'>
type Allowed = Approval & { readonly approved: true }
type Denied = Approval & { readonly approved: false }

/** The states of a call. */
type Progress =
  | { readonly state: 'input-streaming'; readonly input?: Json }
  | { readonly state: 'input-available'; readonly input: Json }
  | { readonly state: 'approval-requested'; readonly input: Json; readonly approval: Asked }
  | {
      readonly state: 'approval-responded'
      readonly input: Json
      readonly approval: Approval & { readonly approved: boolean }
    }
  | {
      readonly state: 'output-available'
      readonly input: Json
      readonly output: Json
      readonly preliminary?: boolean
      readonly resultProviderMetadata?: ProviderMetadata
      readonly approval?: Allowed
    }
  | {
      readonly state: 'output-error'
      readonly input: Json
      readonly errorText: string
      readonly resultProviderMetadata?: ProviderMetadata
      readonly approval?: Allowed
    }
  | { readonly state: 'output-denied'; readonly input: Json; readonly approval: Denied }

interface Call {
  readonly toolCallId: string
  readonly title?: string
  readonly toolMetadata?: Record<string, Json>
  readonly providerExecuted?: boolean
  readonly callProviderMetadata?: ProviderMetadata
}

type Called = ({ readonly type: `tool-${string}` } | { readonly type: 'dynamic-tool'; readonly toolName: string }) &
  Call &
  Progress

/** A part of a stored message: text, file, call of a tool, reasoning … as JSON, and as the AI SDK has it. */
export type StoredPart = MessagePart & (Spoken | Attached | Marked | Called)
