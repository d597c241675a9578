// Records of ended attempts for the tests of the history.
import type { EndedAttempt } from '../../src/history/ended-attempt.ts';

export const ENDED_AT = Date.UTC(2026, 10, 15, 12);

/** Two nodes for an hour, with every field set. */
export const ATTEMPT = {
  task: '0123456789abcdef0123456789abcdef',
  attempt: 'lq2x0a9c7f3k',
  job: '4711',
  recordedAt: ENDED_AT,
  cluster: 'lab',
  queue: 'gpu',
  cause: 'completed',
  state: 'COMPLETED',
  userId: 'fedcba9876543210fedcba9876543210',
  userName: 'Ada',
  project: 'vision/depth',
  template: '/etc/gpu.template',
  unixUser: 'ada',
  account: 'lab-a',
  partition: 'gpu',
  enqueuedAt: ENDED_AT - 5_400_000,
  submittedAt: ENDED_AT - 5_000_000,
  startedAt: ENDED_AT - 3_600_000,
  endedAt: ENDED_AT,
  elapsedSec: 3_600,
  waitSec: 1_400,
  nodeSec: 7_200,
  cpuSec: 28_800,
  gpuSec: 14_400,
  usedCpuSec: 7_000.5,
  timeLimitSec: 86_400,
  cpus: 8,
  memoryMb: 65_536,
  usedMemoryMb: 3_174,
} as const satisfies Required<EndedAttempt>;
