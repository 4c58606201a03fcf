// The beta distribution and what is made of it: exact intervals of rates, and Fisher's exact test.

// Lanczos approximation, g = 7, n = 9; coefficients as computed by P. Godfrey (2001), relative error below 1e-13.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x), x ≥ 0.5. */
export function logGamma(x: number): number {
  const z = x - 1;
  const base = z + 7.5;
  const series = lanczos.reduce((sum, term, i) => (i === 0 ? term : sum + term / (z + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(series);
}

/**
 * The regularised incomplete beta function I_x(a, b): the distribution function of Beta(a, b), by the continued fraction
 * of DLMF 8.17.22 (https://dlmf.nist.gov/8.17) in Lentz's way.
 *
 * @param x 0 to 1. @param a 0.5 and up. @param b 0.5 and up.
 */
export function betaDistribution(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast only on this side of the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaDistribution(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a),
  );
  return front * lentz(x, a, b);
}

function lentz(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  const step = (term: number) => {
    d = 1 / away(1 + term * d);
    c = away(1 + term / c);
    fraction *= c * d;
    return Math.abs(c * d - 1);
  };
  for (let m = 1; m < 100_000; m++) {
    step((m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)));
    if (step((-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))) < 1e-14) break;
  }
  return fraction;
}

/** The x at which I_x(a, b) is `probability`, by bisection. */
function betaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (betaDistribution(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Both ends belong to it. */
export type Interval = readonly [low: number, high: number];

/**
 * The exact interval of a rate (Clopper and Pearson, Biometrika 26, 1934). Counts need not be whole: divided by a design
 * effect they give the interval of Korn and Graubard (Survey Methodology 24, 1998) for samples that are not independent.
 * With no success in n the upper end is 1 − (α/2)^(1/n), about 3.7 / n at 95 %.
 *
 * @param successes 0 to trials. @param trials above 0. @param confidence default 0.95.
 */
export function exactInterval(successes: number, trials: number, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2;
  // Below half a success the distribution means nothing, and the interval is that of none.
  const low = successes < 0.5 ? 0 : betaQuantile(tail, successes, trials - successes + 1);
  const failures = trials - successes;
  const high = failures < 0.5 ? 1 : betaQuantile(1 - tail, successes + 1, failures);
  return [low, high];
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/**
 * Fisher's exact test, two-sided: how probable a table as unlikely as this one, or unlikelier, is when both rates are the
 * same (Agresti, Categorical Data Analysis, 3rd ed., section 3.5.1).
 *
 * @param a successes of `n`. @param b successes of `m`. Whole numbers.
 * @returns the p-value, 0 to 1.
 */
export function fisherTest(a: number, n: number, b: number, m: number): number {
  const successes = a + b;
  const logTotal = logChoose(n + m, successes);
  const logProbability = (k: number) => logChoose(n, k) + logChoose(m, successes - k) - logTotal;
  // Ties must count, whatever the last digits say.
  const limit = logProbability(a) + 1e-7;
  let sum = 0;
  for (let k = Math.max(0, successes - m); k <= Math.min(n, successes); k++) {
    const each = logProbability(k);
    if (each <= limit) sum += Math.exp(each);
  }
  return Math.min(1, sum);
}
