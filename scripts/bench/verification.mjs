// Face verification: accuracy by folds, rates at a threshold, the ROC curve.

/** A pair's distance; Infinity where a face was missed, so that the pair counts as "not the same". */
export const isAccepted = (pair, threshold) => pair.distance < threshold;

export function rates(pairs, threshold) {
  const accepted = (same) => {
    const ofKind = pairs.filter((pair) => pair.same === same);
    return ofKind.filter((pair) => isAccepted(pair, threshold)).length / ofKind.length;
  };
  return { truePositive: accepted(true), falsePositive: accepted(false) };
}

export function accuracy(pairs, threshold) {
  return pairs.filter((pair) => isAccepted(pair, threshold) === pair.same).length / pairs.length;
}

/** The threshold of the highest accuracy; midway between the distances about it. */
export function bestThreshold(pairs) {
  const ordered = pairs
    .filter(({ distance }) => Number.isFinite(distance))
    .sort((a, b) => a.distance - b.distance);
  let correct = pairs.filter(({ same }) => !same).length;
  let best = { correct, threshold: 0 };
  ordered.forEach((pair, i) => {
    correct += pair.same ? 1 : -1;
    const next = ordered[i + 1]?.distance ?? pair.distance;
    if (correct > best.correct && next > pair.distance)
      best = { correct, threshold: (pair.distance + next) / 2 };
  });
  return best.threshold;
}

/** LFW's protocol: each fold is judged at the threshold that is best for the others. One fold alone judges itself. */
export function acrossFolds(folds) {
  const scores = folds.map((fold, i) => {
    const others = folds.filter((_, j) => j !== i).flat();
    const threshold = bestThreshold(others.length > 0 ? others : fold);
    return { accuracy: accuracy(fold, threshold), threshold };
  });
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const average = mean(scores.map((score) => score.accuracy));
  const variance =
    scores.length > 1
      ? scores.reduce((sum, score) => sum + (score.accuracy - average) ** 2, 0) / (scores.length - 1)
      : 0;
  return {
    accuracy: average,
    /** Standard error of the mean, as LFW's results are reported. */
    error: Math.sqrt(variance / scores.length),
    threshold: mean(scores.map((score) => score.threshold)),
  };
}

/** The largest threshold at which at most this part of the different pairs is accepted. */
export function thresholdAtFalseRate(pairs, rate) {
  const different = pairs
    .filter(({ same }) => !same)
    .map(({ distance }) => distance)
    .sort((a, b) => a - b);
  return different[Math.floor(rate * different.length)] ?? 0;
}

/** Corners of the ROC curve: [false positive rate, true positive rate], up to (1, 1). */
export function rocCurve(pairs) {
  const ordered = [...pairs].sort((a, b) => a.distance - b.distance);
  const sames = pairs.filter(({ same }) => same).length;
  const differents = pairs.length - sames;
  let truePositives = 0;
  let falsePositives = 0;
  const corners = [];
  ordered.forEach((pair, i) => {
    if (pair.same) truePositives++;
    else falsePositives++;
    // Between corners the curve is a straight line; equal distances are accepted together.
    const next = ordered[i + 1];
    const isCorner = !next || (next.same !== pair.same && next.distance !== pair.distance);
    if (isCorner) corners.push([falsePositives / differents, truePositives / sames]);
  });
  return corners;
}
