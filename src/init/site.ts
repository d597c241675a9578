// What init knows of a cluster before it chooses.
import type { Fact } from '../doctor/result.ts';
import type { ReachablePartition } from '../doctor/reachable-partitions.ts';
import type { UnitKind } from './unit-files.ts';
import type { ShellFacts } from './shell-probe.ts';

export interface ServerFound {
  readonly address: string;
  /** Without those of the glue's own. */
  readonly queues: readonly string[];
}

export interface Site {
  readonly clusterName: string;
  readonly version: string;
  readonly partitions: readonly ReachablePartition[];
  /** As a job's script finds it that begins with `#!/bin/bash`. */
  readonly plainShell: ShellFacts;
  /** As it is with `#!/bin/bash -l`. */
  readonly loginShell: ShellFacts;
  readonly hasPyxis: boolean;
  readonly server: Fact<ServerFound>;
  /** What can keep the daemon running on this machine, and how one can tell. */
  readonly supervisor: { readonly kind: UnitKind; readonly why: string };
}
