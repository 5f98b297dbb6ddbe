"""What a row's figures are judged by."""

import statistics


def shown(value, unit):
    return f"{value:.3f} {unit}" if value < 10 else f"{value:.1f} {unit}"


def judge(what, value, most, unit="×"):
    return {"what": what, "value": shown(value, unit), "must": f"≤ {most} {unit}", "met": value <= most}


def judge_least(what, value, least, unit="×"):
    return {"what": what, "value": shown(value, unit), "must": f"≥ {least} {unit}", "met": value >= least}


def p99s_us(result):
    """Of the whole round, and of its half seconds the median (latencies.h): the first is the machine's stalls, too."""
    return result["p99_us"], result["steady_p99_us"]


def judge_p99s(what, rounds, control):
    """Two rows: the median of the rounds' p99s, of that of the control's rounds, in both ways of saying p99."""
    return [judge(f"p99 of {what}{which}", statistics.median(round[i] for round in rounds) /
                  statistics.median(round[i] for round in control), 2)
            for i, which in enumerate((", of without", ", of without, median of half seconds"))]
