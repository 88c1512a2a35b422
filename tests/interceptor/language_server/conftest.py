from collections.abc import AsyncIterator

import pytest

from .certificates import Certificates, make_certificates
from .rig import Rig, running_rig


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def rig(certificates: Certificates) -> AsyncIterator[Rig]:
    async with running_rig(certificates) as rig:
        yield rig
