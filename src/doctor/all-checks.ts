// All checks of `doctor`, by what they examine.
import { CLUSTER_CHECKS } from './cluster-checks.ts';
import { HERE_CHECKS } from './configuration-checks.ts';
import { NODE_CHECKS } from './node-checks.ts';
import { USER_CHECKS } from './as-user-check.ts';

export const CHECKS = {
  configuration: HERE_CHECKS,
  cluster: CLUSTER_CHECKS,
  node: NODE_CHECKS,
  user: USER_CHECKS,
} as const;
