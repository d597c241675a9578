// A daemon's calls to the outside as values, and their possible replies.
import type { JournalValue } from './journal-value.ts';
import type { Answer } from './server-rules.ts';
import type { SlurmAnswer, SlurmCall } from './slurm-rules.ts';
import type { ServerCall } from './world.ts';

export type OutsideCall =
  | { readonly to: 'server'; readonly call: ServerCall; readonly isRepeated: boolean }
  | { readonly to: 'slurm'; readonly call: SlurmCall }
  | { readonly to: 'journal'; readonly value: JournalValue };

export interface PendingCall {
  readonly seq: number;
  readonly call: OutsideCall;
}

export type Reply =
  { readonly server: Answer } | { readonly slurm: SlurmAnswer } | { readonly journal: true } | { readonly lost: true };

export type Event = { readonly seq: number; readonly reply: Reply } | { readonly wakes: true };

/** Makes the call, and resolves when the search has chosen the reply. */
export type Ask = (call: OutsideCall) => Promise<Reply>;
