// Tasks in containers on real Slurm, by real Apptainer and the real clearml-agent, started by the documented command line.
// An ordinary user enqueues all tasks at once, and each test waits for its own.
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import {
  requireAgent,
  requireRegistry,
  requireRoot,
  requireSlurmVersion,
  requireSshd,
} from '../support/skip-unless.ts';
import { defineImageTests, enqueueImageTasks } from './container-images.ts';
import { defineIsolationTests, enqueueIsolationTasks } from './container-isolation.ts';
import { defineLifeCycleTests, enqueueLifeCycleTasks } from './container-life-cycle.ts';
import { openContainerTestBed, type ContainerTestBed } from './container-test-bed.ts';

describe('a task in an Apptainer container', () => {
  let opened: ContainerTestBed;
  const testBed = (): ContainerTestBed => opened;

  before(requireRoot);
  before(requireAgent);
  before(requireRegistry);
  before(requireSshd);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(async () => {
    opened = await openContainerTestBed();
    await enqueueLifeCycleTasks(opened);
    await enqueueIsolationTasks(opened);
    await enqueueImageTasks(opened);
  });
  after(() => opened[Symbol.asyncDispose]());

  defineLifeCycleTests(testBed);
  defineImageTests(testBed);
  // Last, as it checks what all tasks left behind.
  defineIsolationTests(testBed);
});
