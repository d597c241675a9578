// What init finds at a site.
import type { Fact } from '../doctor/check-result.ts';
import type { ReachablePartition } from '../doctor/reachable-partitions.ts';
import type { UnitKind } from './generate-unit-files.ts';
import type { ShellFacts } from './probe-login-shell.ts';

export interface ServerFound {
  readonly address: string;
  /** Without internal queues. */
  readonly queues: readonly string[];
}

export interface Site {
  readonly clusterName: string;
  readonly version: string;
  readonly partitions: readonly ReachablePartition[];
  /** As in a job script with `#!/bin/bash`. */
  readonly plainShell: ShellFacts;
  /** As in a job script with `#!/bin/bash -l`. */
  readonly loginShell: ShellFacts;
  readonly hasPyxis: boolean;
  readonly server: Fact<ServerFound>;
  /** What can keep the daemon running on this machine, and why. */
  readonly supervisor: { readonly kind: UnitKind; readonly why: string };
}
