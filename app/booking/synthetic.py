"""Where a synthetic call asks, and for what: from the names in the environment to a line, a service and who does it."""

from dataclasses import dataclass, replace

from app.booking.business import Business, Businesses, Service, Technician
from app.errors import ConfigurationError
from app.watch.walk import Errand

LINE, TECHNICIAN = "READBACK_SYNTHETIC_LINE", "READBACK_SYNTHETIC_TECHNICIAN"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is called. `line` is empty where the only business has none, and needs none."""

    business: Business
    line: str
    errand: Errand


def asked(businesses: Businesses, line: str | None, technician: str | None) -> Asked:
    """The call to make. `technician` is `business/technician`. Raises ConfigurationError for names nobody has."""
    found = technician_of(businesses, technician) if technician else None
    business = found[0] if found else _of_line(businesses, line) if line else next(iter(businesses.by_id.values()))
    if line and line not in business.lines:
        raise ConfigurationError(
            f"{LINE} is {line}, which is no line of business {business.id}, where {TECHNICIAN} is."
        )
    if not line and not business.lines and len(businesses.by_id) > 1:
        raise ConfigurationError(f"Business {business.id} has no line that a synthetic call could ask on; set {LINE}.")
    service = _own_service(business, found[1]) if found else _any_service(business)
    errand = Errand(service.id, found[1].id if found else "")
    return Asked(business, line or next(iter(business.lines), ""), errand)


def technician_of(businesses: Businesses, named: str) -> tuple[Business, Technician]:
    """Who exists for tests only, by `business/technician`. Raises ConfigurationError."""
    business_id, _, technician_id = named.partition("/")
    business = businesses.by_id.get(business_id)
    if business is None:
        known = ", ".join(businesses.by_id)
        raise ConfigurationError(f'{TECHNICIAN} names business "{business_id}", which is none; there is {known}.')
    technician = next((t for t in business.technicians if t.id == technician_id), None)
    if technician is None:
        known = ", ".join(t.id for t in business.technicians)
        raise ConfigurationError(
            f'{TECHNICIAN} names "{technician_id}", who is not at {business_id}; there is {known}.'
        )
    return business, technician


def with_tester(businesses: Businesses, named: str | None) -> Businesses:
    """The same, with whoever is `named` known as who exists for tests only. Raises ConfigurationError."""
    if named is None:
        return businesses
    business, technician = technician_of(businesses, named)
    return Businesses({**businesses.by_id, business.id: replace(business, tester=technician.id)})


def _of_line(businesses: Businesses, line: str) -> Business:
    business = businesses.by_line.get(line)
    if business is None:
        raise ConfigurationError(f"{LINE} is {line}, which is no line of any business.")
    return business


def _own_service(business: Business, technician: Technician) -> Service:
    """One that nobody else does, if there is one."""
    others = {service for other in business.technicians if other is not technician for service in other.services}
    done = [service for service in business.services if service.id in technician.services]
    return min(done, key=lambda service: service.id in others)


def _any_service(business: Business) -> Service:
    return next(service for service in business.services if business.technicians_for(service))
