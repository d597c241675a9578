// Spends a token of the cluster's rate limit for each Slurm command but sbatch, and never waits: daemon/submit/submission-pool waits.
import type { Clock } from '../base/clock.ts';
import { rateOf, type Rate, type RateLimit } from '../base/token-bucket.ts';
import type { ClusterFacts, Scheduler } from './scheduler.ts';

/** Our share of the controller's limit for one user, who may call Slurm too. */
const SHARE = 0.8;
/** A controller that takes longer for one list is busy. */
const PROMPT_MS = 1_000;

/**
 * The rate of the setting, or less if the controller limits calls: it does not reject a call that is too early, but lets it
 * wait inside the command, which delays the ones behind it (slurm.conf(5), rl_enable).
 * @param perSecond more than 0
 */
export function clusterRate(perSecond: number, limit: ClusterFacts['callLimit']): Rate {
  const wanted = rateOf(perSecond);
  if (limit === undefined) return wanted;
  return {
    perSecond: Math.min(wanted.perSecond, SHARE * limit.perSecond),
    burst: Math.max(1, Math.min(wanted.burst, SHARE * limit.burst)),
  };
}

/** The same scheduler; its polls and cancellations use tokens but never wait. Callers that submit wait and use tokens themselves. */
export function withRateLimit(
  scheduler: Scheduler,
  limit: RateLimit,
  clock: Clock,
  { hidesJobs = false }: Pick<ClusterFacts, 'hidesJobs'> = {},
): Scheduler {
  const spend = (): void => limit.spendAside(clock.now());
  /** A list of jobs that Slurm hides is one call for each user. */
  const spendFor = (accounts: readonly unknown[] = []): void => {
    spend();
    if (hidesJobs) accounts.forEach(spend);
  };
  return {
    facts(signal) {
      spend();
      return scheduler.facts(signal);
    },
    submit: (submission) => scheduler.submit(submission),
    async list(signal, accounts) {
      spendFor(accounts);
      const askedAt = clock.now();
      const answer = await scheduler.list(signal, accounts);
      limit.slow((clock.now() - askedAt) / PROMPT_MS);
      return answer;
    },
    listAllUsers(signal, accounts) {
      spendFor(accounts);
      return scheduler.listAllUsers(signal, accounts);
    },
    sizes(signal, accounts) {
      spendFor(accounts);
      return scheduler.sizes(signal, accounts);
    },
    lookUp(names, since, signal, owners) {
      spendFor([...new Set(owners?.values())]);
      return scheduler.lookUp(names, since, signal, owners);
    },
    record(id, options) {
      spend();
      return scheduler.record(id, options);
    },
    endDetails(jobs, signal) {
      spend();
      return scheduler.endDetails(jobs, signal);
    },
    figures(jobs, signal) {
      spend();
      return scheduler.figures(jobs, signal);
    },
    cancel(jobs, signal) {
      jobs.forEach(spend);
      return scheduler.cancel(jobs, signal);
    },
  };
}
