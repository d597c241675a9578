// The view of the cluster for the stand-in commands.
import type { Clock } from '../../../../src/base/clock.ts';
import type { Controller } from '../controller.ts';
import type { StandInSettings } from '../settings.ts';

export interface ClusterView {
  readonly controller: Controller;
  readonly settings: StandInSettings;
  readonly clock: Clock;
}
