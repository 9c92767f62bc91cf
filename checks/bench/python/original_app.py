"""The original design: FastAPI takes a task, PostgreSQL keeps it, Redis carries it, Celery runs it."""

import os
import uuid
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import JSON, DateTime, Text, create_engine, func, update
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE = os.environ["POSTGRES_URL"].split("://", 1)[1]
TOKEN = os.environ["TOKEN"]


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "task"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    type: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="queued")
    payload: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[Any] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[Any] = mapped_column(DateTime(timezone=True), nullable=True)


worker = Celery("original", broker=os.environ["REDIS_URL"])
worker.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=100,
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
)
tasks = create_engine(f"postgresql+psycopg://{DATABASE}", pool_size=2)


@worker_process_init.connect
def forget_connections(**_):
    # Those of the parent are not to be shared by its forks.
    tasks.dispose(close=False)


@worker.task(name="run")
def run(task_id):
    with tasks.begin() as connection:
        connection.execute(
            update(Task).where(Task.id == uuid.UUID(task_id)).values(state="succeeded", finished_at=func.now())
        )


class NewTask(BaseModel):
    type: str = Field(min_length=1, max_length=128)
    payload: Any = None


class Stored(BaseModel):
    id: uuid.UUID
    type: str
    state: str


def authorize(authorization: str = Header()):
    if authorization != f"Bearer {TOKEN}":
        raise HTTPException(401)


app = FastAPI()
sessions = async_sessionmaker(
    create_async_engine(f"postgresql+asyncpg://{DATABASE}", pool_size=25), expire_on_commit=False
)


@app.post("/v1/tasks", status_code=201, dependencies=[Depends(authorize)])
async def submit_task(body: NewTask) -> Stored:
    async with sessions.begin() as session:
        task = Task(type=body.type, payload=body.payload)
        session.add(task)
    run.delay(str(task.id))
    return Stored(id=task.id, type=task.type, state=task.state)


if __name__ == "__main__":
    Base.metadata.create_all(tasks)
