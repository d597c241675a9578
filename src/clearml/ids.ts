// The identifiers that ClearML hands out: 32 lower-case hex characters, each kind its own type.
import type { Brand } from '../base/brand.ts';

export type TaskId = Brand<'TaskId'>;
export type QueueId = Brand<'QueueId'>;
