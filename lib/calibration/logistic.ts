// Logistic regression on one number.

export interface LogisticFit {
  readonly intercept: number;
  readonly slope: number;
}

/** Observations at one place: how many successes and failures; need not be whole. */
export interface Observations {
  readonly x: number;
  readonly successes: number;
  readonly failures: number;
}

/**
 * The probability of success at x as 1 / (1 + e^−(intercept + slope x)), of greatest likelihood when successes count as
 * (s + 1) / (s + 2) and failures as 1 / (f + 2), s and f being how many there are: so Platt (Advances in Large Margin
 * Classifiers, 1999) keeps the fit finite where one number separates the two wholly. Newton's method, its steps halved
 * while they lead up, as Lin, Lin and Weng have it (Machine Learning 68, 2007).
 */
export function logisticFit(data: readonly Observations[]): LogisticFit {
  const successes = data.reduce((sum, each) => sum + each.successes, 0);
  const failures = data.reduce((sum, each) => sum + each.failures, 0);
  const [high, low] = [(successes + 1) / (successes + 2), 1 / (failures + 2)];
  const rows = data.map((each) => ({
    x: each.x,
    weight: each.successes + each.failures,
    target: high * each.successes + low * each.failures,
  }));
  const loss = ({ intercept, slope }: LogisticFit) =>
    rows.reduce((sum, { x, weight, target }) => {
      const z = intercept + slope * x;
      return sum + weight * softplus(z) - target * z;
    }, 0);

  let fit: LogisticFit = { intercept: Math.log((successes + 1) / (failures + 1)), slope: 0 };
  let best = loss(fit);
  for (let round = 0; round < 100; round++) {
    const step = newtonStep(rows, fit);
    let size = 1;
    let next = fit;
    let reached = best;
    for (; size > 1e-10; size /= 2) {
      next = { intercept: fit.intercept - size * step.intercept, slope: fit.slope - size * step.slope };
      reached = loss(next);
      if (reached < best) break;
    }
    if (!(best - reached > 1e-12 * (1 + Math.abs(best)))) break;
    [fit, best] = [next, reached];
  }
  return fit;
}

function newtonStep(
  rows: readonly { readonly x: number; readonly weight: number; readonly target: number }[],
  { intercept, slope }: LogisticFit,
): LogisticFit {
  // A trace on the diagonal: observations at one place alone leave the slope open.
  let [h11, h12, h22, g1, g2] = [1e-12, 0, 1e-12, 0, 0];
  for (const { x, weight, target } of rows) {
    const p = sigmoid(intercept + slope * x);
    const curvature = weight * p * (1 - p);
    const residual = weight * p - target;
    h11 += curvature;
    h12 += curvature * x;
    h22 += curvature * x * x;
    g1 += residual;
    g2 += residual * x;
  }
  const determinant = h11 * h22 - h12 * h12;
  return {
    intercept: (h22 * g1 - h12 * g2) / determinant,
    slope: (h11 * g2 - h12 * g1) / determinant,
  };
}

/** ln(1 + e^z), also where e^z has no room. */
export function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

export function logit(probability: number): number {
  return Math.log(probability) - Math.log1p(-probability);
}
