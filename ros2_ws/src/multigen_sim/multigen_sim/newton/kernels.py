"""Warp kernels of the position-based fluid, on CPU and CUDA.

Lists of neighbours are (N * MOST,) with (N,) counts. `d` is the particles' spacing [m], `v` the
volume of one [m^3]; the density is relative to that at rest.
"""

# Warp compiles these functions: int() and float() declare variables there, and `and` evaluates both
# of its sides.
# ruff: noqa: UP018, RUF046, SIM102

import warp as wp

wp.set_module_options({"enable_backward": False, "fast_math": True})

MOST = 72
"""Neighbours that a particle can have; 35 at rest."""


@wp.func
def weight(r: float, d: float) -> float:
    """The cubic spline of support 2 d [1/m^3]."""
    q = r / d
    scale = 1.0 / (wp.pi * d * d * d)
    if q < 1.0:
        return scale * (1.0 - 1.5 * q * q + 0.75 * q * q * q)
    if q < 2.0:
        return scale * 0.25 * (2.0 - q) * (2.0 - q) * (2.0 - q)
    return 0.0


@wp.func
def slope(r: float, d: float) -> float:
    """The spline's derivative [1/m^4]."""
    q = r / d
    scale = 1.0 / (wp.pi * d * d * d * d)
    if q < 1.0:
        return scale * (-3.0 * q + 2.25 * q * q)
    if q < 2.0:
        return -scale * 0.75 * (2.0 - q) * (2.0 - q)
    return 0.0


@wp.kernel
def predict(
    x: wp.array[wp.vec3], v: wp.array[wp.vec3], gravity: wp.vec3, dt: float,
    moved: wp.array[wp.vec3],
):  # fmt: skip
    """Positions after a step without constraints."""
    i = wp.tid()
    moved[i] = x[i] + dt * (v[i] + dt * gravity)


@wp.kernel
def pose_walls(
    local: wp.array[wp.vec3], body: wp.array[int],
    body_q: wp.array[wp.transform], posed: wp.array[wp.vec3],
):  # fmt: skip
    """Wall particles in the world, from those in their bodies' frames."""
    i = wp.tid()
    posed[i] = wp.transform_point(body_q[body[i]], local[i])


@wp.kernel
def find_neighbours(
    x: wp.array[wp.vec3], others: wp.array[wp.vec3], grid: wp.uint64, reach: float,
    same: int, gap: wp.array[float], found: wp.array[int], count: wp.array[int],
):  # fmt: skip
    """The neighbours within `reach` [m] among the particles themselves, or among others.

    Nobody farther than that from the walls, by `gap` [m], has neighbours among others.
    """
    i = wp.tid()
    count[i] = 0
    if same == 0 and gap[i] > reach:
        return
    p = x[i]
    n = int(0)
    j = int(0)
    query = wp.hash_grid_query(grid, p, reach)
    while wp.hash_grid_query_next(query, j):
        if n < MOST and (same == 0 or j != i):
            if wp.length_sq(p - others[j]) < reach * reach:
                found[i * MOST + n] = j
                n += 1
    count[i] = n


@wp.kernel
def wall_volumes(
    points: wp.array[wp.vec3], near: wp.array[int], count: wp.array[int],
    d: float, volume: wp.array[float],
):  # fmt: skip
    """Volume of each wall particle, so that its layer counts once (Akinci et al. 2012)."""
    i = wp.tid()
    total = weight(0.0, d)
    for k in range(count[i]):
        total += weight(wp.length(points[i] - points[near[i * MOST + k]]), d)
    volume[i] = 1.0 / total


@wp.kernel
def constrain(
    x: wp.array[wp.vec3], near: wp.array[int], count: wp.array[int],
    wall: wp.array[wp.vec3], wall_volume: wp.array[float],
    wall_near: wp.array[int], wall_count: wp.array[int],
    v: float, d: float, relaxation: float, share: wp.array[float],
):  # fmt: skip
    """The multiplier of each particle's constraint: density at most that at rest."""
    i = wp.tid()
    p = x[i]
    density = v * weight(0.0, d)
    gradient = wp.vec3(0.0)
    square = float(0.0)
    for k in range(count[i]):
        apart = p - x[near[i * MOST + k]]
        r = wp.max(wp.length(apart), 1.0e-7)
        density += v * weight(r, d)
        steep = v * slope(r, d)
        gradient += steep / r * apart
        square += steep * steep
    for k in range(wall_count[i]):
        j = wall_near[i * MOST + k]
        apart = p - wall[j]
        r = wp.max(wp.length(apart), 1.0e-7)
        density += wall_volume[j] * weight(r, d)
        gradient += wall_volume[j] * slope(r, d) / r * apart
    square += wp.length_sq(gradient)
    share[i] = -wp.max(density - 1.0, 0.0) / (square + relaxation / (d * d))


@wp.kernel
def displace(
    x: wp.array[wp.vec3], near: wp.array[int], count: wp.array[int],
    wall: wp.array[wp.vec3], wall_volume: wp.array[float],
    wall_near: wp.array[int], wall_count: wp.array[int],
    v: float, d: float, share: wp.array[float], moved: wp.array[wp.vec3],
):  # fmt: skip
    """Positions moved along the constraints' gradients."""
    i = wp.tid()
    p = x[i]
    shift = wp.vec3(0.0)
    for k in range(count[i]):
        j = near[i * MOST + k]
        apart = p - x[j]
        r = wp.max(wp.length(apart), 1.0e-7)
        shift += (share[i] + share[j]) * v * slope(r, d) / r * apart
    for k in range(wall_count[i]):
        j = wall_near[i * MOST + k]
        apart = p - wall[j]
        r = wp.max(wp.length(apart), 1.0e-7)
        shift += share[i] * wall_volume[j] * slope(r, d) / r * apart
    moved[i] = p + shift


@wp.func
def keep_out(
    p: wp.vec3, pose: wp.transform, outline: wp.array[wp.vec2], first: int, count: int,
    sectors: int, margin: float,
) -> wp.vec4:  # fmt: skip
    """A point at least `margin` [m] outside a vessel's staves, and how far outside it was [m].

    In its sector a stave is a prism across the sector's middle plane, so the distance is that from
    the staves' section there: an outline of (distance from the axis, height), closed along the
    axis.
    """
    local = wp.transform_point(wp.transform_inverse(pose), p)
    step = 2.0 * wp.pi / float(sectors)
    middle = (wp.floor(wp.atan2(local[1], local[0]) / step) + 0.5) * step
    c = wp.cos(middle)
    s = wp.sin(middle)
    q = wp.vec2(local[0] * c + local[1] * s, local[2])
    nearest = wp.vec2(0.0, 0.0)
    best = float(1.0e9)
    inside = int(0)
    for k in range(count):
        a = outline[first + k]
        b = outline[first + (k + 1) % count]
        if (a[1] > q[1]) != (b[1] > q[1]):
            if q[0] < a[0] + (q[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]):
                inside = 1 - inside
        if k < count - 1:
            along = b - a
            t = wp.clamp(wp.dot(q - a, along) / wp.max(wp.dot(along, along), 1.0e-12), 0.0, 1.0)
            foot = a + t * along
            apart = wp.length_sq(q - foot)
            if apart < best:
                best = apart
                nearest = foot
    distance = wp.sqrt(best)
    sign = 1.0 - 2.0 * float(inside)
    if sign * distance >= margin:
        return wp.vec4(p[0], p[1], p[2], sign * distance)
    push = (margin - sign * distance) * sign / wp.max(distance, 1.0e-7) * (q - nearest)
    p += wp.transform_vector(pose, wp.vec3(push[0] * c, push[0] * s, push[1]))
    return wp.vec4(p[0], p[1], p[2], sign * distance)


@wp.kernel
def collide(
    moved: wp.array[wp.vec3], old: wp.array[wp.vec3],
    body_q: wp.array[wp.transform], outline: wp.array[wp.vec2],
    first: wp.array[int], count: wp.array[int], sectors: int, margin: float,
    table: float, grip: float, near: float, gap: wp.array[float],
    x: wp.array[wp.vec3],
):  # fmt: skip
    """Positions outside the vessels and above the table, which holds back what slides on it.

    Particles whose last known `gap` [m] to the vessels exceeds `near` [m] are far enough inside.
    """
    i = wp.tid()
    p = moved[i]
    if gap[i] <= near:
        closest = float(1.0e9)
        for body in range(body_q.shape[0]):
            kept = keep_out(p, body_q[body], outline, first[body], count[body], sectors, margin)
            p = wp.vec3(kept[0], kept[1], kept[2])
            closest = wp.min(closest, kept[3])
        gap[i] = closest
    if p[2] < table + margin:
        p = wp.vec3(
            p[0] + grip * (old[i][0] - p[0]), p[1] + grip * (old[i][1] - p[1]), table + margin
        )
    x[i] = p


@wp.kernel
def derive(
    x: wp.array[wp.vec3], old: wp.array[wp.vec3], dt: float, keep: float,
    velocity: wp.array[wp.vec3],
):  # fmt: skip
    """Velocities of the motion during a step, of which a share is kept."""
    i = wp.tid()
    velocity[i] = keep * (x[i] - old[i]) / dt


@wp.kernel
def smooth(
    x: wp.array[wp.vec3], velocity: wp.array[wp.vec3], near: wp.array[int],
    count: wp.array[int], v: float, d: float, share: float,
    smoothed: wp.array[wp.vec3],
):  # fmt: skip
    """Adopt a share of the neighbours' mean velocity (XSPH)."""
    i = wp.tid()
    change = wp.vec3(0.0)
    for k in range(count[i]):
        j = near[i * MOST + k]
        change += v * weight(wp.length(x[i] - x[j]), d) * (velocity[j] - velocity[i])
    smoothed[i] = velocity[i] + share * change
